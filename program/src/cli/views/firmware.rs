//! Microcode and firmware on a page.

use serde_json::Value;

use super::{Context, items, number, text, wrapped};
use crate::cli::output::{Style, escape};

/// The machine, its microcode, flaws of its CPU, firmware, and whether it has to be restarted.
pub(super) fn overview(data: &Value, style: &Style, _context: &Context<'_>) -> String {
    let width = style.prose_width();
    let part = |name: &str| data.get(name).unwrap_or(&Value::Null);
    let mut page = Page { out: String::new(), width };
    machine(&mut page, data);
    microcode(&mut page, part("microcode"));
    page.heading("known flaws of CPUs");
    for flaw in items(data, "vulnerabilities") {
        let mark = if text(flaw, "standing") == "vulnerable" { "! " } else { "" };
        page.line(&format!("{mark}{}", text(flaw, "name")), text(flaw, "text"));
    }
    page.remarks(part("trust"), "caveats");
    page.heading("firmware");
    let component = part("component");
    let state = if number(component, "enabled") == 1 { "enabled" } else { "not enabled" };
    page.line(&format!("component {}", text(component, "name")), state);
    for package in items(data, "packages") {
        let held = if number(package, "held") == 1 { ", held" } else { "" };
        page.line(text(package, "name"), &format!("{}{held}", text(package, "version")));
    }
    fwupd(&mut page, part("fwupd"));
    page.remarks(data, "vendors");
    restart(&mut page, part("reboot"));
    page.out
}

struct Page {
    out: String,
    width: usize,
}

impl Page {
    fn heading(&mut self, words: &str) {
        let gap = if self.out.is_empty() { "" } else { "\n" };
        self.out.push_str(&format!("{gap}{words}\n"));
    }

    /// A line of what and how; left out where there is nothing to say.
    fn line(&mut self, what: &str, how: &str) {
        if !how.is_empty() {
            let told = wrapped(how, &" ".repeat(30), self.width);
            self.out.push_str(&format!("  {:<26}  {}\n", escape(what), told.trim()));
        }
    }

    fn remarks(&mut self, data: &Value, name: &str) {
        for remark in items(data, name).iter().filter_map(Value::as_str) {
            self.out.push_str(&wrapped(remark, "  ", self.width));
        }
    }
}

fn words(data: &Value, names: &[&str]) -> String {
    names.iter().map(|name| text(data, name)).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn machine(page: &mut Page, data: &Value) {
    let board = data.get("board").unwrap_or(&Value::Null);
    page.heading("machine");
    page.line("machine", &words(board, &["vendor", "product"]));
    page.line("mainboard", &words(board, &["board-vendor", "board-name"]));
    page.line("BIOS", &words(board, &["bios-vendor", "bios-version", "bios-date"]));
    page.line("virtual", text(data, "virtual"));
    let cpu = data.get("cpu").unwrap_or(&Value::Null);
    page.line("CPU", &words(cpu, &["name", "id"]));
}

fn microcode(page: &mut Page, microcode: &Value) {
    page.heading("microcode");
    let revisions: Vec<_> = items(microcode, "revisions").iter().filter_map(Value::as_str).collect();
    page.line("running", &revisions.join(" "));
    page.line("from the BIOS", text(microcode, "bios-revision"));
    page.line("loaded early", &words(microcode, &["early-update", "early-date"]));
    if let Some(package) = microcode.get("package") {
        let held = if number(package, "held") == 1 { ", held" } else { "" };
        let version = text(package, "version");
        let version =
            if version.is_empty() { "not installed".to_owned() } else { format!("{version}{held}") };
        page.line(text(package, "name"), &version);
        page.line("carries for this CPU", &words(package, &["revision", "date"]));
        page.line("cannot be read", text(package, "error"));
    }
    page.out.push_str(&wrapped(text(microcode, "verdict"), "  ", page.width));
}

fn fwupd(page: &mut Page, fwupd: &Value) {
    let version = text(fwupd, "version");
    page.line("fwupd", if version.is_empty() { "not installed" } else { version });
    page.line("EFI system partition", text(fwupd, "esp"));
    page.line("to mount it", text(fwupd, "mount-command"));
    page.remarks(fwupd, "remarks");
}

fn restart(page: &mut Page, reboot: &Value) {
    page.heading(if number(reboot, "needed") == 1 { "a restart is needed" } else { "no restart is needed" });
    page.remarks(reboot, "reasons");
    for obstacle in items(reboot, "obstacles").iter().filter_map(Value::as_str) {
        page.out.push_str(&wrapped(&format!("before one: {obstacle}"), "  ", page.width));
    }
}
