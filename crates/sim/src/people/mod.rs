//! Who acts: authors, the people they write to, strangers who got somebody's mailbox, and programs that look at links. They act through the same functions as the pages do, at the house's
//! door, which may be closed; what they were told is what is true from then on.

mod authors;
mod readers;
