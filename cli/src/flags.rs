//! Flags that several commands share. Those that the libraries need as well stand there: [`operate::target::Urls`],
//! [`operate::up::settings::DirArgs`].

pub(crate) mod level;
pub(crate) mod loads;
