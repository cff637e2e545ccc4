//! The contract of the store as something that runs: one check for every method of every trait, named like it, the same for memory, SQLite and
//! PostgreSQL, so that they cannot drift apart. A check is given a [`scene::Scene`] on an empty store and talks to nothing but the traits;
//! it does not know which store it is. [`every_check`](crate::every_check) is the one list of them; the tests here fail when a method has none.

pub mod checks;
pub mod scene;

/// Calls `$with!` with the names of all checks: those of the methods first, trait by trait, then whole stories.
#[macro_export]
macro_rules! every_check {
    ($with:ident) => {
        $with! {
            house keep_within confirm_keys unconfirm_keys beat ticker take_ticker leave_ticker server_time confirm_clock hold unhold holds keep_nonce knows_nonce
            invite named approve_name invitation ask_code account_of set_code try_code open_session open_newcomer session act unlock_session lock_session
            end_session sessions end_session_named end_other_sessions end_all_sessions create_account account try_unlock vault put_vault
            put_language
            put_kit has_kit account_of_kit open_kit_session replace_unlock notify notify_at ask_trial ask_email_change change_email email_undo undo_email
            put_draft drafts draft draft_history draft_at discard_draft restore_draft put_draft_part draft_part prune orphans orphan_erased
            add_person persons add_address remove_address update_person tell_early look_after put_card has_card replace_card
            reserve_letter reserve_version begin_upload upload upload_grew upload_ended part put_wrap author_wrap unproven seal letters letter history
            commit_author amend undo_amend correct_proof correct_rule replies reply_named reply_seen
            knock open_reader reader end_reader waiting sender own_address open release reader_part refuse lift refusals park
            knock_named keep_for_later reply try_digits
            try_proof allow_name open_reader_by_claim early_by_claim ask_at_door claim_opens card_is_older
            take take_messages held take_over give_back next_wakes delivery decided message start start_many still_allowed recorded recorded_many dropped counts
            bounced nobody_reads asked_at_door answer_at_door foresee rederive forecast look weigh parked commit_parking call_host called knocks_left amending amended wraps_to_rewrap rewrapped wraps_by_generation
            life commit_life decided_life asked_by gone_letters keepers add_keeper keeper_of keeper_answers keeper_moves lost_persons offer_address
            offered_addresses answer_offer what_keepers_agree_on_counts_when_she_is_let_go tell_of_person told_of_person remove_keeper
            channels ask_channel prove_channel by_the_webhook by_a_push_service browser_over trial_to_a_channel the_webhook_is_no_mail add_channel remove_channel send_rehearsal rehearsal_sent stop_rehearsal put_stop_code account_of_stop_code
            what_comes_back_moves_the_ladder
            put_keeper_set keeper_sets keeper_set put_keepers_wrap keeper_set_of
            event events_asked say_event stop_event
            reached tell_alive untell_alive what_says_that_she_lives_knows_what_they_know
            gathering ask_keepers shares cards_asked give_share nothing_opens_before_enough_cards_came
            blobs_after wraps_after looked_for round begin_round keep_round to_be_sent found right_again findings hold_back unbalanced begun working_on closed balance health backed_up
            every_birthday_comes_once what_ends_a_letter_ends_all_its_birthdays
            a_letter_arrives_and_the_next_series_begins a_dropped_knock_leaves_room_for_the_next what_was_promised_never_wakes_early
            of_two_who_commit_one_is_told a_group_is_as_if_one_after_the_other
            a_card_that_was_replaced_leads_to_what_was_read_with_words_alone a_card_is_replaced_alike_whatever_was_opened
            what_asks_names_nobody_and_gives_nothing what_was_opened_stays_theirs_when_the_answer_changes sealed_anew_asks_anew
            an_undone_address_takes_later_changes_with_it
            codes_of_the_house_are_counted_and_nobody_with_an_account_waits_long nobody_makes_the_house_write_to_strangers
            so_many_browsers_are_remembered_and_the_oldest_makes_room
        }
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    macro_rules! names {
        ($($name:ident)*) => { [$(stringify!($name)),*] };
    }

    /// The names after `async fn` between `pub trait` and the brace that closes it.
    fn methods(source: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut in_trait = false;
        for line in source.lines() {
            if line.starts_with("pub trait ") {
                in_trait = !line.trim_end().ends_with("{}");
            } else if line.starts_with('}') {
                in_trait = false;
            } else if let Some(rest) = line.trim_start().strip_prefix("async fn ")
                && in_trait
            {
                found.insert(rest.split(['(', '<']).next().unwrap_or(rest));
            }
        }
        found
    }

    /// The methods that have no check.
    fn unchecked<'a>(source: &'a str, names: &[&str]) -> Vec<&'a str> {
        methods(source).into_iter().filter(|method| !names.contains(method)).collect()
    }

    #[test]
    fn every_method_of_every_trait_has_a_check() {
        let source = include_str!("../lib.rs");
        assert!(methods(source).len() >= 100, "the traits could not be read: {:?}", methods(source));
        for source in [
            source,
            include_str!("../alive.rs"),
            include_str!("../asks.rs"),
            include_str!("../events.rs"),
            include_str!("../lives.rs"),
            include_str!("../keeper_sets.rs"),
        ] {
            assert_eq!(unchecked(source, &crate::every_check!(names)), Vec::<&str>::new());
        }
    }

    #[test]
    fn a_method_without_a_check_is_found() {
        let source = "pub trait HouseStore: Send {\n    async fn house(&self);\n    async fn burn(\n        &self,\n    );\n}\nasync fn free() {}\npub trait Store: HouseStore {}\n";
        assert_eq!(methods(source), BTreeSet::from(["house", "burn"]));
        assert_eq!(unchecked(source, &crate::every_check!(names)), ["burn"]);
    }
}
