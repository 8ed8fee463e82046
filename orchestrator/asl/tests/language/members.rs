//! The members of an object keep their order, whatever is done to them and however many there are.

use proptest::prelude::*;
use serde_json::map::Entry;
use serde_json::{Map, Value, json};

/// Names, more than are looked through without an index.
const NAMES: u32 = 40;

/// Something that is done to an object.
#[derive(Clone, Debug)]
enum Step {
    Insert(u32, i32),
    InsertAt(u32, usize, i32),
    ShiftRemove(u32),
    SwapRemove(u32),
    Change(u32, i32),
    EntryRemove(u32),
    Retain(u32),
    Extend(Vec<(u32, i32)>),
    Sort,
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..NAMES, any::<i32>()).prop_map(|(name, value)| Step::Insert(name, value)),
        2 => (0..NAMES, 0..NAMES as usize, any::<i32>()).prop_map(|(name, at, value)| Step::InsertAt(name, at, value)),
        3 => (0..NAMES).prop_map(Step::ShiftRemove),
        3 => (0..NAMES).prop_map(Step::SwapRemove),
        4 => (0..NAMES, any::<i32>()).prop_map(|(name, value)| Step::Change(name, value)),
        2 => (0..NAMES).prop_map(Step::EntryRemove),
        1 => (2..NAMES).prop_map(Step::Retain),
        1 => proptest::collection::vec((0..NAMES, any::<i32>()), 0..30).prop_map(Step::Extend),
        1 => Just(Step::Sort),
        1 => Just(Step::Clear),
    ]
}

fn name(number: u32) -> String {
    format!("n{number}")
}

/// The members in their order: what an object ought to be.
#[derive(Default)]
struct Model(Vec<(String, Value)>);

impl Model {
    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(its, _)| its == name)
    }

    fn insert(&mut self, name: String, value: Value) -> Option<Value> {
        if let Some(at) = self.place(&name) {
            return Some(std::mem::replace(&mut self.0[at].1, value));
        }
        self.0.push((name, value));
        None
    }

    fn shift_remove(&mut self, name: &str) -> Option<Value> {
        self.place(name).map(|at| self.0.remove(at).1)
    }

    fn swap_remove(&mut self, name: &str) -> Option<Value> {
        self.place(name).map(|at| self.0.swap_remove(at).1)
    }
}

/// Does it to both, which must answer the same.
fn take(step: Step, object: &mut Map<String, Value>, model: &mut Model) {
    match step {
        Step::Insert(n, value) => {
            assert_eq!(object.insert(name(n), value.into()), model.insert(name(n), value.into()));
        }
        Step::InsertAt(n, at, value) => {
            let name = name(n);
            let before = model.shift_remove(&name);
            let at = at.min(model.0.len());
            model.0.insert(at, (name.clone(), value.into()));
            assert_eq!(object.shift_insert(at, name, value.into()), before);
        }
        Step::ShiftRemove(n) => assert_eq!(object.shift_remove(&name(n)), model.shift_remove(&name(n))),
        Step::SwapRemove(n) => assert_eq!(object.swap_remove(&name(n)), model.swap_remove(&name(n))),
        Step::Change(n, value) => {
            *object.entry(name(n)).and_modify(|value| *value = Value::Null).or_insert(json!("new")) =
                value.into();
            model.insert(name(n), value.into());
        }
        Step::EntryRemove(n) => {
            let removed = match object.entry(name(n)) {
                Entry::Occupied(entry) => Some(entry.shift_remove()),
                Entry::Vacant(_) => None,
            };
            assert_eq!(removed, model.shift_remove(&name(n)));
        }
        Step::Retain(every) => {
            let stays = |value: &Value| value.as_i64().is_some_and(|value| value % i64::from(every) != 0);
            object.retain(|_, value| stays(value));
            model.0.retain(|(_, value)| stays(value));
        }
        Step::Extend(members) => {
            object.extend(members.iter().map(|(n, value)| (name(*n), (*value).into())));
            for (n, value) in members {
                model.insert(name(n), value.into());
            }
        }
        Step::Sort => {
            object.sort_keys();
            model.0.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        Step::Clear => {
            object.clear();
            model.0.clear();
        }
    }
}

proptest! {
    #[test]
    fn an_object_is_its_members_in_their_order(steps in proptest::collection::vec(step(), 0..120)) {
        let (mut object, mut model) = (Map::new(), Model::default());
        for step in steps {
            take(step, &mut object, &mut model);
            prop_assert!(object.iter().eq(model.0.iter().map(|(name, value)| (name, value))), "{object:?} {:?}", model.0);
            for n in 0..NAMES {
                let at = model.place(&name(n));
                prop_assert_eq!(object.get(&name(n)), at.map(|at| &model.0[at].1));
            }
            // Equal whatever the order, and only then.
            let mut other: Map<String, Value> = model.0.iter().rev().cloned().collect();
            prop_assert_eq!(&object, &other);
            other.insert("another".to_owned(), Value::Null);
            prop_assert_ne!(&object, &other);
        }
        let text = Value::Object(object.clone()).to_string();
        prop_assert!(serde_json::from_str::<Map<String, Value>>(&text).is_ok_and(|read| read.iter().eq(object.iter())));
        prop_assert!(object.into_iter().eq(model.0));
    }
}

#[test]
fn a_value_is_no_larger_than_without_an_order() {
    assert_eq!(size_of::<Value>(), 4 * size_of::<usize>());
}
