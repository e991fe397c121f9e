//! What went over a link, as a file that tcpdump and Wireshark read.

use super::error::Error;
use camino::Utf8Path;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) struct Pcap(BufWriter<File>);

impl Pcap {
    pub(super) fn create(path: &Utf8Path) -> Result<Self, Error> {
        let mut file = BufWriter::new(File::create(path).map_err(Error::io(path.as_str()))?);
        let mut header = Vec::new();
        header.extend(0xa1b2_c3d4_u32.to_le_bytes());
        header.extend([2, 0, 4, 0]);
        header.extend([0; 8]);
        header.extend(MOST.to_le_bytes());
        header.extend(ETHERNET.to_le_bytes());
        file.write_all(&header).map_err(Error::io(path.as_str()))?;
        Ok(Self(file))
    }

    /// A capture is a help: when the disk is full, the link goes on without it.
    pub(super) fn frame(&mut self, frame: &[u8]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let length = u32::try_from(frame.len()).unwrap_or(MOST);
        let mut record = Vec::with_capacity(16 + frame.len());
        for field in [u32::try_from(now.as_secs()).unwrap_or(0), now.subsec_micros(), length, length] {
            record.extend(field.to_le_bytes());
        }
        record.extend(frame);
        let _ = self.0.write_all(&record).and_then(|()| self.0.flush());
    }
}

const MOST: u32 = 262_144;
const ETHERNET: u32 = 1;
