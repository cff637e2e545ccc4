// The door of this room for the author's pages. The reader's page takes read.ts instead, which is smaller;
// whatever is slow (words, keys, sealing) runs in a Worker of theirs (pages/author/keys/room.ts).

export { accountOf, makeAccount, type Account } from './account';
export { bindingLine, KINDS, parseBinding, type Binding, type Kind } from './binding';
export * from './body';
export { stopToken } from './stop';
export { checkClaimWords, CLAIM_WORDS, deriveClaim, newClaimWords, openWordsFile, sealWordsFile } from './claim';
export { SealError, type SealErrorCode } from './errors';
export {
  lockKeeperSet,
  makeKeeperSet,
  MASTER_BYTES,
  openKeepersFile,
  openKeeperSet,
  sealKeepersFile,
  type KeeperSet,
} from './keeper-set';
export { keyFile, readKeyFile } from './key';
export { kitLines, kitText, kitToken, readKit } from './kit';
export {
  cleanName,
  composeLetter,
  howManyInside,
  MAX_PICTURE_BYTES,
  MAX_PICTURES,
  MAX_TEXT_BYTES,
  messageId,
  normaliseText,
  parseLetter,
  type Letter,
  type LetterToCompose,
  type Medium,
  type Picture,
  type PictureType,
} from './letter';
export { manifestHash, manifestText, type ManifestPart } from './manifest';
export { openMedia, type Opened, type Signature } from './read';
export { openReply } from './reply';
export {
  keepersWrap,
  openSealed,
  placed,
  proveSealed,
  sealLetter,
  wordsWrap,
  type Kept,
  type LetterName,
  type LetterToSeal,
  type OpenedOwn,
  type Proof,
  type SealedLetter,
  type SealedPart,
  type SealedWrap,
  type Written,
} from './seal';
export { CARD_WORDS, joinCards, makeCards, readCard, type Card } from './slip39';
export { handOf, NAMESPACE, PRINCIPAL, sign, verify, type Hand } from './sshsig';
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
