//! Forgetting the logs of tasks that no list names any more.

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_host::FileKind;

use crate::task_active::{self, OLDER_INDEX};
use crate::tasks::Tasks;
use crate::upid::TASK_DIR;

/// The first line of the index: a task id, a time and a status of at most 8 KiB.
const FIRST_LINE: usize = 16 * 1024;

impl Tasks {
    /// Removes the logs that are older than the oldest task of the index, and returns how many they were. For the
    /// daily job.
    ///
    /// # Errors
    /// When the lists or a directory cannot be read, or a log cannot be removed.
    pub fn remove_old_logs(&self) -> Result<u64, Problem> {
        let Some(oldest) = self.oldest_end()? else { return Ok(0) };
        let active = task_active::read(self.host())?;
        let mut removed = 0;
        for digit in 0..16 {
            let directory = Utf8Path::new(TASK_DIR).join(format!("{digit:X}"));
            if self.host().metadata(&directory)?.is_none() {
                continue;
            }
            for entry in self.host().list_dir(&directory)? {
                let log = directory.join(&entry.name);
                // what still runs may have been silent for long
                let is_active = active.iter().any(|task| task.upid.to_string() == entry.name);
                let is_log = entry.kind == FileKind::File && entry.name.starts_with("UPID:");
                let Some(found) = self.host().metadata(&log)?.filter(|_| is_log && !is_active) else {
                    continue;
                };
                if found.modified < i128::from(oldest) * 1_000_000_000 {
                    self.host().remove_own(&log)?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }

    /// When the first task of the older index ended; `None` as long as nothing was rotated out.
    fn oldest_end(&self) -> Result<Option<i64>, Problem> {
        let path = Utf8Path::new(OLDER_INDEX);
        if self.host().metadata(path)?.is_none() {
            return Ok(None);
        }
        let bytes = self.host().read_at(path, 0, FIRST_LINE)?;
        let text = String::from_utf8_lossy(&bytes);
        let end = text.lines().next().and_then(|line| line.split(' ').nth(1));
        Ok(end.and_then(|end| i64::from_str_radix(end, 16).ok()))
    }
}
