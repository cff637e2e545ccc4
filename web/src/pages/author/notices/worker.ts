// Begins what shows notices (`notices.ts`): the house gives this file as /notices.js.

import { listen, type Worker } from './notices';

listen(globalThis as unknown as Worker);
