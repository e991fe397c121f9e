//! Wires between hosts. They end in this process: nothing of what hosts say to each other reaches this machine's network.
//!
//! QEMU connects each network card to a port, a Unix socket on which frames go with their length before them. A port is on at
//! most one link, and what comes in there goes out at all other ports of it, whatever its address: a hub, so that link-local
//! protocols such as LACP and LLDP pass.

use super::error::Error;
use super::pcap::Pcap;
use camino::{Utf8Path, Utf8PathBuf};
use std::io::{BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// A wire, or the hub in its middle where more than two cards are on it.
#[derive(Clone, Debug)]
pub struct Link(Arc<Wire>);

struct Wire {
    name: String,
    cut: AtomicBool,
    frames: AtomicU64,
    ports: Mutex<Vec<Weak<Jack>>>,
    capture: Mutex<Option<Pcap>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Link {
    /// A wire with nothing at its ends yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Arc::new(Wire {
            name: name.to_owned(),
            cut: AtomicBool::new(false),
            frames: AtomicU64::new(0),
            ports: Mutex::default(),
            capture: Mutex::default(),
        }))
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Lets nothing through any more, while every card keeps its carrier, as behind a switch that fails silently. (A wire
    /// that is pulled out of a card is `host.nic(0).pull()`.)
    pub fn cut(&self) {
        self.0.cut.store(true, Ordering::Relaxed);
    }

    /// Lets everything through again.
    pub fn mend(&self) {
        self.0.cut.store(false, Ordering::Relaxed);
    }

    /// How many frames have come in.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.0.frames.load(Ordering::Relaxed)
    }

    /// Writes every frame to a file for tcpdump and Wireshark.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn capture(&self, path: impl AsRef<Utf8Path>) -> Result<(), Error> {
        *lock(&self.0.capture) = Some(Pcap::create(path.as_ref())?);
        Ok(())
    }

    fn join(&self, jack: &Arc<Jack>) {
        let mut ports = lock(&self.0.ports);
        ports.retain(|port| port.strong_count() > 0);
        ports.push(Arc::downgrade(jack));
    }

    fn leave(&self, jack: &Arc<Jack>) {
        lock(&self.0.ports).retain(|port| !std::ptr::eq(port.as_ptr(), Arc::as_ptr(jack)));
    }

    fn pass(&self, from: &Arc<Jack>, packet: &Arc<[u8]>) {
        self.0.frames.fetch_add(1, Ordering::Relaxed);
        if let Some(capture) = lock(&self.0.capture).as_mut() {
            capture.frame(&packet[HEADER..]);
        }
        if self.0.cut.load(Ordering::Relaxed) {
            return;
        }
        let ports: Vec<_> = lock(&self.0.ports).iter().filter_map(Weak::upgrade).collect();
        for port in ports.iter().filter(|port| !Arc::ptr_eq(port, from)) {
            port.send(packet);
        }
    }
}

/// Where the wire of one card ends.
pub(super) struct Port {
    jack: Arc<Jack>,
    socket: Utf8PathBuf,
}

#[derive(Default)]
struct Jack {
    closed: AtomicBool,
    link: Mutex<Option<Link>>,
    out: Mutex<Option<SyncSender<Arc<[u8]>>>>,
    stream: Mutex<Option<UnixStream>>,
}

impl Port {
    /// Waits for QEMU at a socket, again and again, because a host may be booted several times.
    pub(super) fn open(socket: Utf8PathBuf, link: Option<Link>) -> Result<Self, Error> {
        let listener = UnixListener::bind(&socket).map_err(Error::io(socket.as_str()))?;
        let jack = Arc::new(Jack::default());
        let port = Self { jack: Arc::clone(&jack), socket };
        port.connect(link.as_ref());
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if jack.closed.load(Ordering::Acquire) {
                    break;
                }
                // its end is QEMU's end
                let _ = jack.serve(stream);
            }
        });
        Ok(port)
    }

    /// Puts it on another link, or on none.
    pub(super) fn connect(&self, link: Option<&Link>) {
        let old = std::mem::replace(&mut *lock(&self.jack.link), link.cloned());
        if let Some(old) = old {
            old.leave(&self.jack);
        }
        if let Some(link) = link {
            link.join(&self.jack);
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.connect(None);
        self.jack.closed.store(true, Ordering::Release);
        if let Some(stream) = lock(&self.jack.stream).take() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        // wakes the thread that waits for QEMU
        let _ = UnixStream::connect(&self.socket);
    }
}

impl Jack {
    fn serve(self: &Arc<Self>, stream: UnixStream) -> std::io::Result<()> {
        let (out, packets) = sync_channel(QUEUE);
        let writer = stream.try_clone()?;
        *lock(&self.stream) = Some(stream.try_clone()?);
        *lock(&self.out) = Some(out);
        std::thread::spawn(move || write_all(writer, &packets));
        let mut frames = BufReader::with_capacity(1 << 17, stream);
        loop {
            let mut header = [0; HEADER];
            frames.read_exact(&mut header)?;
            let length = usize::try_from(u32::from_be_bytes(header)).unwrap_or(usize::MAX);
            if length > MOST {
                return Err(std::io::ErrorKind::InvalidData.into());
            }
            let mut packet = vec![0; HEADER + length];
            packet[..HEADER].copy_from_slice(&header);
            frames.read_exact(&mut packet[HEADER..])?;
            let link = lock(&self.link).clone();
            if let Some(link) = link {
                link.pass(self, &packet.into());
            }
        }
    }

    /// A card that does not keep up loses frames, as on any network.
    fn send(&self, packet: &Arc<[u8]>) {
        if let Some(out) = lock(&self.out).as_ref() {
            let _ = out.try_send(Arc::clone(packet));
        }
    }
}

fn write_all(mut stream: UnixStream, packets: &Receiver<Arc<[u8]>>) {
    while let Ok(packet) = packets.recv() {
        if stream.write_all(&packet).is_err() {
            break;
        }
    }
}

/// The length before each frame.
const HEADER: usize = 4;

/// No frame is longer, with every offload there is.
const MOST: usize = 1 << 18;

/// Frames that wait for a card.
const QUEUE: usize = 1024;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
