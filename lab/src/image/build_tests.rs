use super::*;
use crate::image::Recipe;

/// A cache and a recipe whose scripts do what the real ones do, of nothing.
struct Scene {
    _temporary: tempfile::TempDir,
    cache: Cache,
    dir: Utf8PathBuf,
}

impl Scene {
    fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::try_from(temporary.path().to_owned()).unwrap();
        let scene = Self { _temporary: temporary, cache: Cache::at(dir.join("cache")), dir };
        std::fs::create_dir(scene.dir.join("recipe")).unwrap();
        scene.file("packages", "systemd-sysv # init\n@trixie systemd-boot-efi\n\n# nothing\n");
        scene.file("run.sh", "set -e\ncd \"$(dirname \"$0\")\"\n. ./$1\n");
        scene.file(
            "base.sh",
            "echo '== packages'\nprintf 'kernel=6.1\\nzfs=2.1\\n' >$OUT/versions\necho $PACKAGES >$OUT/got\n",
        );
        scene.file("zfs.sh", "echo '== modules'\necho $KERNEL $ZFS $(cat $BASE/got) >$OUT/modules.tar\n");
        scene.file("image.sh", "echo '== disk'\ncat $MODULES/modules.tar >$OUT/root.qcow2\n");
        scene
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.dir.join("recipe").join(name), text).unwrap();
    }

    fn recipe(&self) -> Recipe {
        Recipe::read(&self.dir.join("recipe")).unwrap()
    }

    /// Builds without root and namespaces; what was said, or why it failed.
    fn build(&self) -> Result<Vec<String>, ImageError> {
        let mut said = Vec::new();
        let mut say = |line: &str| said.push(line.to_owned());
        let _building = self.cache.building(&mut say)?;
        self.cache.remove_leftovers(&mut say)?;
        let recipe = self.recipe();
        let command = || Ok(Command::new("env"));
        Build { cache: &self.cache, recipe: &recipe, suite: Suite::Bookworm, command, say: &mut say }
            .run()?;
        Ok(said)
    }

    fn image(&self) -> Result<Image, ImageError> {
        Image::find_in(&self.cache, &self.recipe(), Suite::Bookworm)
    }
}

#[test]
fn each_part_is_shown_and_kept_with_the_time_it_took() {
    let scene = Scene::new();
    assert_eq!(
        scene.build().unwrap(),
        ["packages ...", "packages ... 0 s", "modules ...", "modules ... 0 s", "disk ...", "disk ... 0 s"]
    );
    let image = scene.image().unwrap();
    assert_eq!(
        std::fs::read_to_string(image.dir().join("times")).unwrap(),
        "packages 0\nmodules 0\ndisk 0\n"
    );
    assert_eq!(std::fs::read_to_string(image.root()).unwrap(), "6.1 2.1 systemd-sysv\n");
    assert!(image.states_dir().is_dir());
}

#[test]
fn a_change_costs_only_the_stages_that_it_touches() {
    let scene = Scene::new();
    scene.build().unwrap();
    let first = scene.image().unwrap();
    scene.file("motd", "laid over the system");
    assert!(scene.image().is_err(), "an image of another recipe was taken");
    assert_eq!(scene.build().unwrap(), ["disk ...", "disk ... 0 s"]);
    assert_ne!(scene.image().unwrap().dir(), first.dir());
    // other packages with the same kernel: the modules stay
    scene.file("packages", "systemd-sysv\nnano\n");
    assert_eq!(scene.build().unwrap(), ["packages ...", "packages ... 0 s", "disk ...", "disk ... 0 s"]);
    // a comment changes the image's name and nothing else of what was built
    scene.file("packages", "systemd-sysv\nnano # to write with\n");
    assert_eq!(scene.build().unwrap(), ["disk ...", "disk ... 0 s"]);
}

#[test]
fn a_failed_script_says_where_and_leaves_no_image_and_the_next_build_begins_anew() {
    let scene = Scene::new();
    scene.file(
        "image.sh",
        "echo '== disk'\ntouch $OUT/root.qcow2\nfor n in $(seq 30); do echo line $n; done\nexit 3\n",
    );
    let error = scene.build().unwrap_err().to_string();
    assert!(error.starts_with("image.sh failed in its part \"disk\""), "{error}");
    assert!(
        error.contains("\nline 11\n") && error.contains("\nline 30\n") && !error.contains("\nline 10\n"),
        "{error}"
    );
    let log = error.rsplit(' ').next().unwrap();
    assert!(std::fs::read_to_string(log).unwrap().contains("\nline 1\n"));
    assert!(scene.image().is_err());
    scene.file("image.sh", "echo '== disk'\necho whole >$OUT/root.qcow2\n");
    let said = scene.build().unwrap();
    assert!(said[0].ends_with(".partial, which has been left by something that was cut off"), "{said:?}");
    assert_eq!(std::fs::read_to_string(scene.image().unwrap().root()).unwrap(), "whole\n");
}

#[test]
fn an_image_that_is_there_is_not_built_again() {
    let scene = Scene::new();
    scene.build().unwrap();
    let image = build(&scene.cache, &scene.recipe(), Suite::Bookworm, &mut |line| panic!("{line}")).unwrap();
    assert_eq!(image.dir(), scene.image().unwrap().dir());
}

#[test]
fn the_mirror_is_the_one_that_this_machine_uses() {
    let listed = "\
 https://deb.nodesource.com/node_20.x/
Debian-Security http://mirror.example/debian-security/
Debian http://mirror.example/debian/
Debian http://other.example/debian/
";
    let (mirror, security) = chosen_mirrors(listed);
    assert_eq!(
        (mirror.as_str(), security.as_str()),
        ("http://mirror.example/debian", "http://mirror.example/debian-security")
    );
    let (mirror, security) = chosen_mirrors("Debian file:/srv/debian/\n");
    assert_eq!(
        (mirror.as_str(), security.as_str()),
        ("http://deb.debian.org/debian", "http://deb.debian.org/debian-security")
    );
}

#[test]
fn every_byte_of_the_recipe_counts_for_the_name_of_the_image() {
    let scene = Scene::new();
    let names: Vec<String> = [
        scene.recipe(),
        {
            scene.file("image.sh", "exit 1\n");
            scene.recipe()
        },
        {
            scene.file("image.sh.old", "exit 1\n");
            scene.recipe()
        },
    ]
    .iter()
    .flat_map(|recipe| Suite::ALL.map(|suite| recipe.image_name(suite)))
    .collect();
    let different: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(different.len(), names.len(), "{names:?}");
    assert!(names[0].starts_with("bookworm-") && names[0].len() == "bookworm-".len() + 12, "{names:?}");
}

#[test]
fn packages_are_those_of_the_suite_and_a_line_that_says_more_is_refused() {
    let scene = Scene::new();
    assert_eq!(scene.recipe().packages(Suite::Bookworm).unwrap(), ["systemd-sysv"]);
    assert_eq!(scene.recipe().packages(Suite::Trixie).unwrap(), ["systemd-sysv", "systemd-boot-efi"]);
    scene.file("packages", "systemd-sysv\n@sid nano\n");
    let error = scene.recipe().packages(Suite::Bookworm).unwrap_err().to_string();
    assert!(error.ends_with("packages: line 2 is not understood: @sid nano"), "{error}");
}
