//! Prints the message contract as an AsyncAPI 3 document:
//! `cargo run -p contract --example asyncapi > docs/asyncapi.json`.

fn main() {
    println!("{:#}", contract::asyncapi::document());
}
