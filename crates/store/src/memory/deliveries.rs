//! The rows of deliveries, and beside them the names of those that a look ahead has to find among all: what nobody has foreseen yet, by its moment, and what waits for a civil day, by the
//! zone data that it was derived with. A house of a thousand authors looks ahead once a day for fifty years, and mostly finds nothing. What is foreseen is not decided here.

use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use unsaid_delivery::anew;
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::state::{Delivery, State};

/// A row, and under what it stands in the two orders.
struct Row {
    delivery: Delivery,
    unforeseen: Option<Timestamp>,
    derived: Option<String>,
}

/// The table.
#[derive(Default)]
pub(super) struct Deliveries {
    rows: BTreeMap<DeliveryId, Row>,
    /// What waits, has a moment, and is not foreseen.
    unforeseen: BTreeSet<(Timestamp, DeliveryId)>,
    /// By version.
    derived: BTreeMap<String, BTreeSet<DeliveryId>>,
    /// Was in somebody's hands since the orders were read last.
    touched: BTreeSet<DeliveryId>,
}

impl Deliveries {
    /// A row.
    pub(super) fn get(&self, id: &DeliveryId) -> Option<&Delivery> {
        self.rows.get(id).map(|row| &row.delivery)
    }

    /// A row, to be changed.
    pub(super) fn get_mut(&mut self, id: &DeliveryId) -> Option<&mut Delivery> {
        let row = self.rows.get_mut(id)?;
        self.touched.insert(*id);
        Some(&mut row.delivery)
    }

    /// A new row, or another in its place.
    pub(super) fn insert(&mut self, id: DeliveryId, delivery: Delivery) {
        self.touched.insert(id);
        match self.rows.get_mut(&id) {
            Some(row) => row.delivery = delivery,
            None => {
                self.rows.insert(id, Row { delivery, unforeseen: None, derived: None });
            }
        }
    }

    /// Whether there is such a row.
    pub(super) fn contains_key(&self, id: &DeliveryId) -> bool {
        self.rows.contains_key(id)
    }

    /// All names, in their order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &DeliveryId> {
        self.rows.keys()
    }

    /// All rows, in the order of their names.
    pub(super) fn values(&self) -> impl Iterator<Item = &Delivery> {
        self.rows.values().map(|row| &row.delivery)
    }

    /// What is not foreseen and has its moment by then, the earliest first.
    pub(super) fn unforeseen(&mut self, by: Timestamp) -> impl Iterator<Item = (Timestamp, &Delivery)> {
        self.put_in_order();
        let near = self.unforeseen.iter().take_while(move |(due, _)| *due <= by);
        near.filter_map(|(due, id)| Some((*due, &self.rows.get(id)?.delivery)))
    }

    /// What waits for a civil day and was derived with other zone data than this.
    pub(super) fn derived_otherwise(&mut self, version: &str) -> impl Iterator<Item = &Delivery> {
        self.put_in_order();
        let other = self.derived.iter().filter(move |(derived, _)| *derived != version);
        other.flat_map(|(_, ids)| ids).filter_map(|id| self.rows.get(id)).map(|row| &row.delivery)
    }

    fn put_in_order(&mut self) {
        for id in std::mem::take(&mut self.touched) {
            let Some(row) = self.rows.get_mut(&id) else { continue };
            let of = &row.delivery;
            let waits = of.forecast.is_none() && matches!(of.state, State::Resting | State::Waiting);
            let unforeseen = of.due.filter(|_| waits);
            if row.unforeseen != unforeseen {
                if let Some(due) = row.unforeseen {
                    self.unforeseen.remove(&(due, id));
                }
                self.unforeseen.extend(unforeseen.map(|due| (due, id)));
                row.unforeseen = unforeseen;
            }
            let derived = anew::waits_for_a_day(of.state).then_some(&of.tzdb);
            if row.derived.as_ref() != derived {
                let derived = derived.cloned();
                if let Some(ids) = row.derived.as_ref().and_then(|before| self.derived.get_mut(before)) {
                    ids.remove(&id);
                }
                if let Some(version) = &derived {
                    self.derived.entry(version.clone()).or_default().insert(id);
                }
                row.derived = derived;
            }
        }
    }
}
