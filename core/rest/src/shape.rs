//! Booleans as the original delivers them: 1 and 0.

/// `#[serde(with = "innkeeper_rest::bit")]` writes a boolean as 1 or 0 and reads both ways.
pub mod bit {
    use serde::{Deserialize, Deserializer, Serializer, de};

    /// Writes 1 or 0.
    ///
    /// # Errors
    /// Those of the serializer.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
    pub fn serialize<S: Serializer>(value: &bool, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(u8::from(*value))
    }

    /// Reads 1, 0, true or false.
    ///
    /// # Errors
    /// Anything else.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Bool(value) => Ok(value),
            serde_json::Value::Number(number) if number.as_u64() == Some(0) => Ok(false),
            serde_json::Value::Number(number) if number.as_u64() == Some(1) => Ok(true),
            other => Err(de::Error::custom(format!("expected 1 or 0, got {other}"))),
        }
    }
}

/// The same for `Option<bool>`; use with `#[serde(default, skip_serializing_if = "Option::is_none")]`.
pub mod bit_option {
    use serde::{Deserializer, Serializer};

    /// Writes 1, 0 or null.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Option<bool>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::bit::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads 1, 0, true or false.
    ///
    /// # Errors
    /// Anything else.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
        super::bit::deserialize(deserializer).map(Some)
    }
}
