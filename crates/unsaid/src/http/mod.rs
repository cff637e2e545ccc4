//! Comes in: every route, its policy, and the pages and answers behind it. Asks `accept`, commits the answer, decides nothing; never calls worker or
//! mail: it writes messages and nudges.

pub mod route;
