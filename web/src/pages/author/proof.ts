// What is asked before a letter opens: what is suggested and why, what is missing, and what the house is told. The answer
// goes to the house once, when the letter is sealed; what is kept of it for her lies in her vault. It knows no page.

import type { Letter, Person, Proof, ProofShown, When } from '../../api';
import type { DraftPlan, DraftProof } from '../../draft';
import type { Mend } from '../../ui/Problems.svelte';
import { birthdayName, civil, say } from '../../words';
import { birthdayMends, bornOf, emptyBirthday } from './plan';
import { birthdayOf, type Records } from './vault';

export type ProofKind = NonNullable<DraftProof['kind']>;

/** In characters. */
export const LONGEST_QUESTION = 200;
export const LONGEST_ANSWER = 100;

/** Why something is suggested, or nothing. */
export interface Suggestion {
  kind: ProofKind;
  why: 'late' | 'age-unknown' | 'recent' | 'by-card';
}

/** The day on which the newest address that works was given; `null` where nobody wrote that down. */
export function addressGiven(person: Person | null): string | null {
  const days = (person?.addresses ?? []).filter(({ good }) => good).map(({ given }) => given ?? '');
  return days.sort().at(-1) || null;
}

/** The last day on which it goes, by the zone of its own rule. */
export const dueOf = (arrival: When): string =>
  arrival.days?.at(-1) ?? civil(arrival.arrives, arrival.arrivesZone).day;

/** The day of a letter that waits for its author's end: later than any other. */
export const NOBODY_KNOWS = '9999-12-31';

/** The same day a year later. That 29 February may have none does no harm: days are only compared. */
const yearAfter = (day: string): string =>
  String(Number(day.slice(0, 4)) + 1).padStart(4, '0') + day.slice(4);

/**
 * A letter that is kept by the house and goes more than a year after the address was given asks for something: the birthday
 * if it is known and the letter does not leave on it, else a question. An address whose age nobody knows counts as old.
 */
export function suggestionFor(due: string, given: string | null, birthdayServes: boolean): Suggestion {
  if (given !== null && due <= yearAfter(given)) return { kind: 'none', why: 'recent' };
  return { kind: birthdayServes ? 'birthday' : 'question', why: given === null ? 'age-unknown' : 'late' };
}

/** What she has chosen, else what is suggested. */
export const standing = (plan: DraftPlan, suggestion: Suggestion | null): ProofKind =>
  plan.proof.kind ?? suggestion?.kind ?? 'none';

/** Letters and figures alone are what counts. */
const counts = (typed: string): boolean => /[\p{L}\p{N}]/u.test(typed);

const oneLine = (typed: string): string => typed.replace(/\s+/gu, ' ').trim();

/** What is missing before it can be asked. */
export function proofMends(kind: ProofKind, plan: DraftPlan, today: string, records: Records): Mend[] {
  if (kind === 'birthday') {
    if (knownBirthday(plan, records)) return [];
    if (emptyBirthday(plan.born)) return [{ field: 'born-day', text: say('author.born.missing') }];
    return birthdayMends(plan.born, today);
  }
  if (kind === 'none') return [];
  const list: Mend[] = [];
  if (!counts(plan.proof.question))
    list.push({ field: 'question', text: say('author.proof.question-missing') });
  if (!counts(plan.proof.answer)) list.push({ field: 'answer', text: say('author.proof.answer-missing') });
  return list;
}

/** Whether the vault knows the birthday already, so that nobody types it. */
export const knownBirthday = (plan: DraftPlan, records: Records): boolean =>
  plan.who?.kind === 'person' && birthdayOf(records, plan.who.id) !== null;

/** For the house; `null` while it is not complete. */
export function proofFor(kind: ProofKind, plan: DraftPlan, records: Records): Proof | null {
  if (kind === 'none') return 'none';
  if (kind === 'birthday') {
    const born = bornOf(plan, records);
    return born === null ? null : { kind, year: born.year, month: born.month, day: born.day };
  }
  const [question, answer] = [oneLine(plan.proof.question), oneLine(plan.proof.answer)];
  return !counts(question) || !counts(answer) ? null : { kind, question, answer };
}

/** A letter that leaves on the birthday tells a stranger the day by leaving. */
export const guessable = (plan: DraftPlan): boolean =>
  plan.when === 'birthday' || plan.when === 'each-birthday';

/** What the house shows of it again. */
export function shownOf(proof: Proof): ProofShown {
  if (proof === 'none') return proof;
  if (proof.kind === 'birthday') return { kind: 'birthday', year: proof.year !== null };
  return { kind: 'question', question: proof.question };
}

/** What was asked for this letter when it was sealed, as the vault keeps it; `null` when it does not know. */
export function askedOf(records: Records, letter: string): Proof | null {
  const kept = records.get(letter)?.['proof'];
  if (kept === 'none') return kept;
  if (typeof kept !== 'object' || kept === null) return null;
  const { kind, question, answer, year, month, day } = kept as Record<string, unknown>;
  if (kind === 'question' && typeof question === 'string' && typeof answer === 'string')
    return { kind, question, answer };
  if (kind !== 'birthday' || typeof month !== 'number' || typeof day !== 'number') return null;
  return { kind, year: typeof year === 'number' ? year : null, month, day };
}

/** The choice of a letter that is written on again. Where nothing was asked, what is suggested for its new day counts. */
export function chosenIn(letter: Letter, records: Records): DraftProof {
  const shown = letter.rule?.proof ?? 'none';
  if (shown === 'none') return { kind: null, question: '', answer: '' };
  if (shown.kind === 'birthday') return { kind: 'birthday', question: '', answer: '' };
  const asked = askedOf(records, letter.id);
  const known = asked !== null && asked !== 'none' && asked.kind === 'question';
  return { kind: 'question', question: shown.question, answer: known ? asked.answer : '' };
}

/** What is asked, in one sentence, on the page of a sealed letter. */
export function asksSaid(shown: ProofShown): string {
  if (shown === 'none') return say('author.proof.asks-none');
  if (shown.kind === 'question') return say('author.proof.asks-question', { question: shown.question });
  return say(shown.year ? 'author.proof.asks-birthday-year' : 'author.proof.asks-birthday');
}

/** The right answer as she would say it; `''` where none is known. */
export function answerSaid(proof: Proof | null): string {
  if (proof === null || proof === 'none') return '';
  return proof.kind === 'question' ? proof.answer : birthdayName(proof.day, proof.month, proof.year);
}
