//! Pages in a real browser, where there is one.

use super::walk;
use crate::report::Report;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Chromium by any of its names, on the path.
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    std::env::split_paths(&path).flat_map(|place| names.map(|name| place.join(name))).find(|file| file.is_file())
}

/// Runs `script` beside a page in a frame of this width, as `(document, window) => answers`.
pub(super) fn answers(page: &str, width: u32, script: &str) -> Option<Value> {
    let Some(browser) = browser() else {
        // Straight to the screen: what a test prints is shown only if it fails.
        let _ = writeln!(std::io::stderr(), "\nNOT CHECKED: there is no chromium here to open a page with\n");
        return None;
    };
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("page.html"), page).unwrap();
    let harness = format!(
        "<iframe src=page.html style='width:{width}px;height:800px;border:0'></iframe><pre></pre><script>
        const frame = document.querySelector('iframe');
        const pre = document.querySelector('pre');
        frame.onload = () => {{
          try {{ pre.textContent = JSON.stringify(({script})(frame.contentDocument, frame.contentWindow)); }}
          catch (error) {{ pre.textContent = JSON.stringify({{ error: String(error) }}); }}
        }};</script>"
    );
    std::fs::write(place.path().join("harness.html"), harness).unwrap();
    let shown = dump(&browser, place.path());
    let answer = shown.split("<pre>").nth(1).and_then(|rest| rest.split("</pre>").next()).unwrap_or_default();
    let answer = answer.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    Some(serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error} in {answer:?} of {shown:?}")))
}

/// The harness after its script ran. A browser that hangs is ended, and fails the test.
fn dump(browser: &Path, place: &Path) -> String {
    let shown = place.join("shown.html");
    let mut running = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"])
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", place.join("profile").display()))
        .arg(format!("file://{}", place.join("harness.html").display()))
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&shown).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..600 {
        if running.try_wait().unwrap().is_some() {
            return std::fs::read_to_string(shown).unwrap();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    running.kill().unwrap();
    panic!("{} did not answer within a minute", browser.display());
}

#[test]
fn a_page_works_in_a_browser() {
    let page = Report::of(&walk::month(7, 744)).html();
    let script = "(page, view) => {
      const column = (number) => [...page.querySelectorAll(`#trade-table tbody tr td:nth-child(${number})`)].map((it) => it.textContent);
      const press = (number) => page.querySelector(`#trade-table thead th:nth-child(${number}) button`).click();
      const found = { ready: page.documentElement.dataset.ready, rows: column(1).length };
      press(4);
      found.ascending = column(4).slice(0, 2);
      press(4);
      found.descending = column(4).slice(0, 2);
      found.sorted = page.querySelector('#trade-table thead th:nth-child(4)').getAttribute('aria-sort');
      const input = page.querySelector('.filter input');
      input.value = 'btc short';
      input.dispatchEvent(new view.Event('input'));
      found.filtered = page.querySelector('.filter output').textContent;
      const plot = page.querySelector('#equity .plot');
      plot.dispatchEvent(new view.KeyboardEvent('keydown', { key: 'End' }));
      found.read = page.querySelector('#equity .readout').textContent;
      const box = page.querySelector('#prices .plot').getBoundingClientRect();
      page.querySelector('#prices .plot').dispatchEvent(new view.PointerEvent('pointermove', { clientX: box.left + 1 }));
      found.price = page.querySelector('#prices .readout').textContent;
      found.background = view.getComputedStyle(page.body).backgroundColor;
      return found;
    }";
    let Some(found) = answers(&page, 1280, script) else { return };
    assert_eq!(found["ready"], "yes", "{found}");
    assert_eq!(found["rows"], 55);
    assert_eq!(found["sorted"], "descending");
    let net =
        |place: &str, row: usize| -> f64 { found[place][row].as_str().unwrap().replace(',', "").parse().unwrap() };
    assert!(net("ascending", 0) < net("ascending", 1) && net("ascending", 0) < -100.0, "{found}");
    assert!(net("descending", 0) > net("descending", 1) && net("descending", 0) > 100.0, "{found}");
    assert!(found["filtered"].as_str().unwrap().ends_with(" of 55 shown"), "{found}");
    assert_ne!(found["filtered"], "55 of 55 shown");
    assert!(found["read"].as_str().unwrap().starts_with("2024-02-01 00:00 · equity 9,"), "{found}");
    assert!(found["price"].as_str().unwrap().contains(" · open 47,000 · high "), "{found}");
}

#[test]
fn no_page_is_wider_than_a_telephone() {
    let page = Report::of(&walk::month(7, 744)).html();
    let script = "(page) => ({ width: page.documentElement.scrollWidth, ready: page.documentElement.dataset.ready })";
    let Some(found) = answers(&page, 360, script) else { return };
    assert_eq!(found["ready"], "yes", "{found}");
    assert!(found["width"].as_u64().unwrap() <= 360, "{found}");
}
