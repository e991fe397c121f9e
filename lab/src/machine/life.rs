//! Power, reboots and clocks.

use super::args::Ram;
use super::error::Error;
use super::host::{Host, lock};
use super::start::BOOT;
use super::timing::Timing;
use serde_json::json;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

impl Host {
    /// Takes the power away, now. What the guest had flushed to its disks stays, what it only had in memory is lost. May be
    /// called while another thread waits for a command: that one gets an error.
    ///
    /// # Errors
    /// When QEMU cannot be ended.
    pub fn cut_power(&self) -> Result<(), Error> {
        // first the process: what waits for it must not keep us waiting
        self.keeper().kill()?;
        self.set_power(None);
        Ok(())
    }

    /// Boots from the disks as they are, and waits until the host answers and its services have started.
    ///
    /// # Errors
    /// When it has power already, or does not come up.
    pub fn boot(&self) -> Result<(), Error> {
        let mut timing = Timing::start(self.name());
        self.power_on()?;
        self.settle(BOOT)?;
        timing.lap("boot");
        self.wait_for_services()?;
        timing.lap("services");
        Ok(())
    }

    /// Gives it power and does not wait for anything.
    ///
    /// # Errors
    /// When it has power already, or QEMU does not start.
    pub fn power_on(&self) -> Result<(), Error> {
        if self.power().is_some() {
            return Err(Error::Request(format!("{} has power already", self.name())));
        }
        let offset = *lock(&self.clock);
        let mut clock = Vec::new();
        if offset != 0 {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            clock = vec!["-rtc".to_owned(), format!("base={}", iso(now.saturating_add_signed(offset)))];
        }
        let power = self.launch(&Ram::Fresh, &clock, true)?;
        self.set_power(Some(power));
        Ok(())
    }

    /// Reboots it from inside, in order, and waits until its services have started again.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn reboot(&self) -> Result<(), Error> {
        let mut timing = Timing::start(self.name());
        let before = self.boot_id()?;
        self.agent().spawn(&["systemctl", "reboot"], &[])?;
        self.wait_until("another boot", BOOT, || Ok(self.boot_id().is_ok_and(|now| now != before)))?;
        timing.lap("reboot");
        self.wait_for_services()?;
        timing.lap("services");
        Ok(())
    }

    /// Shuts it down in order.
    ///
    /// # Errors
    /// When it does not go.
    pub fn power_off(&self) -> Result<(), Error> {
        self.agent().spawn(&["systemctl", "poweroff"], &[])?;
        self.with_power(|power| power.qmp.gone(Duration::from_secs(180)))?;
        self.cut_power()
    }

    /// The identity of the running boot.
    ///
    /// # Errors
    /// When the host does not answer.
    pub fn boot_id(&self) -> Result<String, Error> {
        let bytes = self.agent().read("/proc/sys/kernel/random/boot_id".into())?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    /// Sets its clock forward, or back, by so many seconds from what it shows; a boot does not cure that.
    ///
    /// # Errors
    /// When the host does not answer.
    pub fn jump_clock(&self, seconds: i64) -> Result<(), Error> {
        self.run(&format!("date -s \"@$(($(date +%s) + {seconds}))\""))?;
        *lock(&self.clock) += seconds;
        Ok(())
    }

    /// Stops all its processors for a while, as a host that is overcommitted does; [`Host::resume`] lets them go on.
    ///
    /// # Errors
    /// When it has no power.
    pub fn pause(&self) -> Result<(), Error> {
        self.with_power(|power| power.qmp.execute("stop", json!({})).map(drop))
    }

    /// Lets the processors go on.
    ///
    /// # Errors
    /// When it has no power.
    pub fn resume(&self) -> Result<(), Error> {
        self.with_power(|power| power.qmp.execute("cont", json!({})).map(drop))
    }

    pub(super) fn wait_for_services(&self) -> Result<(), Error> {
        // it fails where a service has failed, which is for the test to find right or wrong
        self.exec(&["systemctl", "is-system-running", "--wait"], &[], BOOT).map(drop)
    }
}

/// A time as QEMU takes it.
fn iso(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // the civil calendar counted from March, so that the leap day is the last of a year
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year_of_era + era * 400 + carry;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        assert_eq!(iso(0), "1970-01-01T00:00:00");
        assert_eq!(iso(951_827_696), "2000-02-29T12:34:56");
        assert_eq!(iso(1_795_392_000), "2026-11-23T00:00:00");
        assert_eq!(iso(4_102_444_799), "2099-12-31T23:59:59");
    }
}
