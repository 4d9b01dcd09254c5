//! Reading JSON without trusting it: a value of the wrong type counts as missing, and what nobody asked for is
//! skipped where it stands. n8n sends whole workflows; building them in memory to look at two words of each was a
//! third of what a refresh cost.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value},
};

use crate::domain::{Timestamp, event::RowId};

/// What can be read from one text, number or truth.
pub(super) trait Scalar: Sized {
    /// From a text.
    fn of_text(_text: &str) -> Option<Self> {
        None
    }
    /// From a whole number.
    fn of_number(_number: i128) -> Option<Self> {
        None
    }
    /// From a truth.
    fn of_truth(_truth: bool) -> Option<Self> {
        None
    }
}

impl Scalar for String {
    fn of_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Scalar for bool {
    fn of_truth(truth: bool) -> Option<Self> {
        Some(truth)
    }
}

impl Scalar for Timestamp {
    fn of_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// A key: text in most bodies, a number in some.
impl Scalar for RowId {
    fn of_text(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn of_number(number: i128) -> Option<Self> {
        Self::parse(&number.to_string())
    }
}

/// A scalar, or `None` if it is missing or of another type.
pub(super) fn scalar<'de, D: Deserializer<'de>, T: Scalar>(from: D) -> Result<Option<T>, D::Error> {
    from.deserialize_any(Loose(OfScalar(PhantomData)))
}

/// An object, or `None` if it is missing or of another type.
pub(super) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Option<T>, D::Error> {
    from.deserialize_any(Loose(OfObject(PhantomData)))
}

/// The objects of a list, without what else is in it; none if it is missing or no list.
pub(super) fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    from.deserialize_any(Loose(OfList(PhantomData)))
}

/// Goes past a list.
fn skip_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Goes past an object.
fn skip_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<(), A::Error> {
    while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// What is made of one kind of value; of every other, the default.
trait Taker<'de>: Sized {
    type Value: Default;

    fn text(self, _text: &str) -> Self::Value {
        Self::Value::default()
    }

    fn number(self, _number: i128) -> Self::Value {
        Self::Value::default()
    }

    fn truth(self, _truth: bool) -> Self::Value {
        Self::Value::default()
    }

    fn list<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        skip_list(list).map(|()| Self::Value::default())
    }

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        skip_object(object).map(|()| Self::Value::default())
    }
}

/// Offers whatever comes to a [`Taker`].
struct Loose<K>(K);

impl<'de, K: Taker<'de>> Visitor<'de> for Loose<K> {
    type Value = K::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.text(text))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(self.0.truth(truth))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.0.number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(self.0.number(number.into()))
    }

    fn visit_f64<E: Error>(self, _number: f64) -> Result<Self::Value, E> {
        Ok(K::Value::default())
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(K::Value::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        self.0.object(object)
    }
}

struct OfScalar<T>(PhantomData<T>);

impl<T: Scalar> Taker<'_> for OfScalar<T> {
    type Value = Option<T>;

    fn text(self, text: &str) -> Option<T> {
        T::of_text(text)
    }

    fn number(self, number: i128) -> Option<T> {
        T::of_number(number)
    }

    fn truth(self, truth: bool) -> Option<T> {
        T::of_truth(truth)
    }
}

struct OfObject<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Taker<'de> for OfObject<T> {
    type Value = Option<T>;

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<Option<T>, A::Error> {
        T::deserialize(value::MapAccessDeserializer::new(object)).map(Some)
    }
}

/// One element of a list that may hold anything.
struct Element<T>(Option<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Element<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        object(from).map(Self)
    }
}

struct OfList<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Taker<'de> for OfList<T> {
    type Value = Vec<T>;

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut found = Vec::new();
        while let Some(Element(object)) = list.next_element()? {
            found.extend(object);
        }
        Ok(found)
    }
}
