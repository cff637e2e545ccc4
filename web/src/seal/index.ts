// The door of this room for the author's pages. The reader's page takes read.ts instead, which is smaller;
// whatever is slow (words, keys, sealing) runs in a Worker of theirs (pages/author/keys/room.ts).

export { accountOf, makeAccount, type Account } from './account';
export { bindingLine, KINDS, parseBinding, type Binding, type Kind } from './binding';
export { SealError, type SealErrorCode } from './errors';
export { keyFile, readKeyFile } from './key';
export { kitLines, kitText, readKit } from './kit';
export {
  cleanName,
  composeLetter,
  MAX_TEXT_BYTES,
  messageId,
  normaliseText,
  parseLetter,
  type Letter,
  type LetterToCompose,
} from './letter';
export { manifestHash, manifestText, type ManifestPart } from './manifest';
export {
  openSealed,
  proveSealed,
  sealLetter,
  type LetterName,
  type LetterToSeal,
  type Proof,
  type SealedLetter,
  type SealedPart,
  type SealedWrap,
} from './seal';
export {
  deriveUnlock,
  makeUnlock,
  openPassphraseFile,
  SALT_BYTES,
  sealPassphraseFile,
  type NewUnlock,
  type UnlockPlace,
  type UnlockSecrets,
} from './unlock';
export { openVault, sealVault } from './vault';
export { expandWord, normaliseWords, sixWords, UNLOCK_WORDS, wrongWords } from './words';
export { openWrap, unbind, wrap, wrapBound } from './wrap';
