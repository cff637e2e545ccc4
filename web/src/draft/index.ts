// Drafts on this device: kept within two seconds, encrypted, never overwritten by another window.

export { Autosave, type Saving } from './autosave';
export {
  ChangedMeanwhile,
  DeviceRefuses,
  docOf,
  emptyPlan,
  newDraft,
  newDraftId,
  Shelf,
  type Draft,
  type DraftPhoto,
  type DraftPlan,
  type DraftWords,
  type Who,
} from './shelf';
