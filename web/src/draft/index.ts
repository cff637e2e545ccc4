// Drafts on this device: kept within two seconds, encrypted, never overwritten by another window.

export { Autosave, browserTimers, type Saving } from './autosave';
export {
  Elsewhere,
  HouseRefuses,
  HouseSaver,
  sameWords,
  unsealed,
  type DevicePort,
  type HousePort,
  type HouseState,
} from './house';
export { MemoryShelf, type AnyShelf } from './memory';
export { NOTHING_THERE, type HouseNote } from './note';
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
  type DraftProof,
  type DraftWords,
  type Who,
} from './shelf';
