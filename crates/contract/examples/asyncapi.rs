//! Prints the message contract as an AsyncAPI 3 document:
//! `cargo run -p contract --example asyncapi > docs/asyncapi.json`.
#![allow(clippy::print_stdout, reason = "an example shows what it finds")]

fn main() {
    println!("{:#}", contract::asyncapi::document());
}
