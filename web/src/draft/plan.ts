// What is decided about a letter before it is sealed, as it is kept with its draft: for whom, when, who keeps the key, and what is
// asked before it opens. Fields stand as they were typed; what they come to is not known here.

/** What she wants to be asked before it opens. What she typed stays when she looks at another answer. */
export interface DraftProof {
  /** `null`: she has not chosen, and what the page suggests stands. */
  kind: 'none' | 'birthday' | 'question' | null;
  question: string;
  answer: string;
}

/** `looked`: the address belongs to somebody who looks after them. Drafts of before do not say. */
export type Who =
  { kind: 'person'; id: string } | { kind: 'new'; name: string; address: string; looked?: boolean };

/** What has been decided about a letter that is not sealed yet. */
export interface DraftPlan {
  who: Who | null;
  when: 'at-once' | 'on' | 'birthday' | 'each-birthday' | 'gone' | 'word' | 'never' | null;
  /** What must have happened, as she typed it. */
  event: string;
  /** It waits for her end, and then for the day. */
  onlyGone: boolean;
  /** As she typed them, also while they are no day yet. */
  day: string;
  month: string;
  year: string;
  time: string;
  zone: string;
  rest: 'morning' | 'none' | 'week';
  /** Which birthday, and the year of the last one: as typed. */
  age: string;
  until: string;
  /** The birthday of the person as typed here; what the vault knows of it stands before. */
  born: { day: string; month: string; year: string; leap: 'feb28' | 'mar1' };
  /** Whether the house writes to them, or the letter waits until they ask for it. */
  reach: 'send' | 'claim';
  /** Who keeps the key; `null` while that is not chosen. */
  key: 'house' | 'words' | 'keepers' | 'me' | null;
  proof: DraftProof;
  /** The letter whose words these shall become; its person and its day stay as they are. */
  amends: string | null;
  /** The place that the house has reserved for it, once sealing has begun. */
  sealing: { letter: string; version: number } | null;
}

export function emptyPlan(): DraftPlan {
  return {
    who: null,
    when: null,
    event: '',
    onlyGone: false,
    day: '',
    month: '',
    year: '',
    time: '09:00',
    zone: '',
    rest: 'morning',
    age: '',
    until: '',
    born: { day: '', month: '', year: '', leap: 'feb28' },
    reach: 'send',
    key: null,
    proof: { kind: null, question: '', answer: '' },
    amends: null,
    sealing: null,
  };
}
