//! Tests of what is of the SQL store alone.
