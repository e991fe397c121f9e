//! The build: the recipe's scripts one after another, each into a folder that gets its name when it is complete.

use super::cache::{Cache, Versions};
use super::recipe::{Recipe, Suite};
use super::{Image, ImageError, needs};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a script prints before each of its parts.
const PART: &str = "== ";

/// How many lines of a failed script's output are shown.
const TAIL: usize = 20;

pub(super) fn build(
    cache: &Cache,
    recipe: &Recipe,
    suite: Suite,
    say: &mut dyn FnMut(&str),
) -> Result<Image, ImageError> {
    if let Some(image) = found(cache, recipe, suite)? {
        return Ok(image);
    }
    needs::check(cache.dir())?;
    let _building = cache.building(say)?;
    if let Some(image) = found(cache, recipe, suite)? {
        return Ok(image);
    }
    cache.remove_leftovers(say)?;
    Build { cache, recipe, suite, command: isolated, say }.run()?;
    Image::find_in(cache, recipe, suite)
}

fn found(cache: &Cache, recipe: &Recipe, suite: Suite) -> Result<Option<Image>, ImageError> {
    match Image::find_in(cache, recipe, suite) {
        Ok(image) => Ok(Some(image)),
        Err(ImageError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

struct Build<'a> {
    cache: &'a Cache,
    recipe: &'a Recipe,
    suite: Suite,
    command: fn() -> Result<Command, ImageError>,
    say: &'a mut dyn FnMut(&str),
}

impl Build<'_> {
    fn run(&mut self) -> Result<(), ImageError> {
        let (mirror, security) = mirrors();
        let packages = self.recipe.packages(self.suite)?.join(" ");
        let base = self.stage(
            &self.recipe.base_name(self.suite)?,
            "base.sh",
            &[("MIRROR", &mirror), ("SECURITY", &security), ("PACKAGES", &packages)],
        )?;
        let versions = Versions::read(&base)?;
        let zfs = self.stage(
            &self.recipe.zfs_name(self.suite, &versions.kernel, &versions.zfs),
            "zfs.sh",
            &[("BASE", base.as_str()), ("KERNEL", &versions.kernel), ("ZFS", &versions.zfs)],
        )?;
        let name = self.recipe.image_name(self.suite);
        let settings = [("BASE", base.as_str()), ("MODULES", zfs.as_str()), ("KERNEL", &versions.kernel)];
        let partial = self.begin(&name, "image.sh", &settings)?;
        let states = partial.join("states");
        std::fs::create_dir_all(&states).map_err(ImageError::io(&states))?;
        let mut times = String::new();
        for stage in [&base, &zfs, &partial] {
            let path = stage.join("times");
            times += &std::fs::read_to_string(&path).map_err(ImageError::io(&path))?;
        }
        write(&partial.join("times"), &times)?;
        self.cache.complete(&name)?;
        Ok(())
    }

    /// A stage, made unless it is there.
    fn stage(
        &mut self,
        name: &str,
        script: &'static str,
        settings: &[(&str, &str)],
    ) -> Result<Utf8PathBuf, ImageError> {
        let dir = self.cache.dir().join(name);
        if dir.is_dir() {
            return Ok(dir);
        }
        self.begin(name, script, settings)?;
        self.cache.complete(name)
    }

    /// Runs a script for a folder, which keeps its unfinished name.
    fn begin(
        &mut self,
        name: &str,
        script: &'static str,
        settings: &[(&str, &str)],
    ) -> Result<Utf8PathBuf, ImageError> {
        let out = self.cache.begin(name)?;
        let logs = self.cache.dir().join("log");
        std::fs::create_dir_all(&logs).map_err(ImageError::io(&logs))?;
        let log = logs.join(format!("{}-{script}.log", self.suite));
        let mut command = (self.command)()?;
        command.arg(format!("SUITE={}", self.suite)).arg(format!("OUT={out}"));
        command.arg(format!(
            "OWNER={}:{}",
            rustix::process::getuid().as_raw(),
            rustix::process::getgid().as_raw()
        ));
        command.args(settings.iter().map(|(name, value)| format!("{name}={value}")));
        command.arg("bash").arg(self.recipe.dir().join("run.sh")).arg(script);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(ImageError::io(command.get_program().to_string_lossy().into_owned()))?;
        let output = child.stdout.take();
        let mut parts = Parts::new(self.say);
        let mut tail = VecDeque::new();
        if let Some(output) = output {
            parts.follow(BufReader::new(output), &log, &mut tail)?;
        }
        let status = child.wait().map_err(ImageError::io(script))?;
        if !status.success() {
            let tail = Vec::from(tail).join("\n");
            return Err(ImageError::Stage { script, part: parts.name, tail, log });
        }
        let times = parts.finish();
        write(&out.join("times"), &times)?;
        Ok(out)
    }
}

/// The beginning of a command that runs a script as root of namespaces of its own: what is mounted and started in there ends with
/// this process, however it ends. Settings and the script follow.
fn isolated() -> Result<Command, ImageError> {
    let mut command = needs::as_root("setpriv")?;
    command.args([
        "--pdeathsig",
        "KILL",
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]);
    command.args(["env", "--unset=LD_PRELOAD"]);
    Ok(command)
}

/// The parts of a running script, and how long each took.
struct Parts<'a> {
    say: &'a mut dyn FnMut(&str),
    name: String,
    since: Instant,
    times: String,
}

impl<'a> Parts<'a> {
    fn new(say: &'a mut dyn FnMut(&str)) -> Self {
        Self { say, name: String::new(), since: Instant::now(), times: String::new() }
    }

    fn follow(
        &mut self,
        output: impl std::io::BufRead,
        log: &Utf8Path,
        tail: &mut VecDeque<String>,
    ) -> Result<(), ImageError> {
        let mut file = File::create(log).map_err(ImageError::io(log))?;
        for line in output.split(b'\n') {
            let line = line.map_err(ImageError::io(log))?;
            let line = String::from_utf8_lossy(&line);
            writeln!(file, "{line}").map_err(ImageError::io(log))?;
            match line.strip_prefix(PART) {
                Some(name) => self.begin(name),
                None => {
                    tail.push_back(line.into_owned());
                    tail.drain(..tail.len().saturating_sub(TAIL));
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, name: &str) {
        self.end();
        name.clone_into(&mut self.name);
        self.since = Instant::now();
        (self.say)(&format!("{name} ..."));
    }

    fn end(&mut self) {
        if !self.name.is_empty() {
            let (name, seconds) = (&self.name, rounded(self.since.elapsed()));
            (self.say)(&format!("{name} ... {seconds} s"));
            self.times += &format!("{name} {seconds}\n");
        }
    }

    fn finish(mut self) -> String {
        self.end();
        self.times
    }
}

fn rounded(took: Duration) -> u64 {
    (took + Duration::from_millis(500)).as_secs()
}

fn write(path: &Utf8Path, text: &str) -> Result<(), ImageError> {
    // an image is written by root where root builds it, and by a script before: made anew in either case
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(ImageError::io(path)(error));
        }
        _ => {}
    }
    std::fs::write(path, text).map_err(ImageError::io(path))
}

/// The mirror of Debian that this machine uses itself, and its mirror of the security updates.
fn mirrors() -> (String, String) {
    let output = Command::new("apt-get")
        .args(["indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let listed =
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    chosen_mirrors(&listed)
}

fn chosen_mirrors(listed: &str) -> (String, String) {
    let labelled = |label: &str, default: &str| {
        let found = listed.lines().filter_map(|line| line.split_once(' '));
        let mut found = found.filter(|(name, uri)| *name == label && uri.starts_with("http"));
        found.next().map_or(default, |(_, uri)| uri).trim_end_matches('/').to_owned()
    };
    (
        labelled("Debian", "http://deb.debian.org/debian"),
        labelled("Debian-Security", "http://deb.debian.org/debian-security"),
    )
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
