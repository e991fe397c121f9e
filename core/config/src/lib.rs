//! /etc/pve: value formats, schemas, section files, property strings, digests, the config store.
//!
//! - [`Format`], [`Kind`], [`Property`]: what a value may be, with the original's wording for what it may not.
//!   Parameters of methods, options of section files and keys of property strings are all declared this way.
//! - [`PropertySchema`]: `key=value,key=value` inside one value.
//! - [`SectionFile`], [`SectionSchema`]: files such as `storage.cfg`, edited without touching other lines.
//! - [`command_line`]: what kernels are started with, as boot loaders keep it.
//! - [`ConfigStore`], [`DirStore`]: where cluster-wide files live.

mod check;
pub mod command_line;
mod digest;
mod format;
mod property_string;
mod schema;
mod section;
mod section_edit;
mod section_schema;
mod store;
mod value;

pub use check::{check_object, fill_defaults};
pub use digest::sha1_hex;
pub use format::Format;
pub use property_string::PropertySchema;
pub use schema::{Kind, Pattern, Property};
pub use section::{Entry, Section, SectionFile, Warning};
pub use section_edit::SectionEditError;
pub use section_schema::{SectionOption, SectionSchema, SectionType, TypedSection};
pub use store::{ConfigStore, DirStore, Stored, Version};
pub use value::{check_value, format_value, parse_cli_boolean};
