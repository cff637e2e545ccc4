// What her keepers have said, and what it has changed, in plain words: whatever they do is told to her. It knows what the house tells her and no page.

import type { Keeper, Life } from '../../api';
import { count, plainDay, say } from '../../words';
import { standing } from './gone';

/** What 'she has died' has changed, as things stand. */
function died(keepers: readonly Keeper[], life: Life): string {
  const stand = standing(keepers);
  const needed = Math.min(life.plan.quorum, stand.length);
  const so = stand.filter((keeper) => keeper.said?.counts && keeper.said.word === 'died').length;
  if (life.stage === 'grace' || life.stage === 'gone') return say('author.gone.keeper-died-grace');
  if (life.stage === 'stopped') return say('author.gone.keeper-died-stopped');
  return so < needed
    ? say('author.gone.keeper-died-few', { needed: count(needed) })
    : say('author.gone.keeper-died-asked');
}

/** When a keeper was last heard of, and their last word about her. */
export function saidBy(keeper: Keeper, keepers: readonly Keeper[], life: Life | null): string[] {
  const list: string[] = [];
  if (keeper.heard !== null) list.push(say('author.gone.keeper-heard', { day: plainDay(keeper.heard) }));
  else if (keeper.standing === 'invited') list.push(say('author.gone.keeper-unheard'));
  if (keeper.said === null) return list;
  const { word, counts } = keeper.said;
  const heard = counts && life !== null && life.stage !== 'ended' && life.stage !== 'released';
  if (!heard) return [...list, say(`author.gone.keeper-said-${word}`)];
  list.push(say(`author.gone.keeper-says-${word}`));
  if (word === 'died') list.push(died(keepers, life));
  return list;
}
