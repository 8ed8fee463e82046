//! Writes every dashboard to its file.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana/dashboards");
    for board in dashboards::all() {
        std::fs::write(folder.join(board.file()), board.json())?;
    }
    Ok(())
}
