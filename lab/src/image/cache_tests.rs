use super::*;
use crate::image::Image;

const OTHER: &str = "0123456789ab";

/// A cache in a folder of its own, and a recipe.
fn scene() -> (tempfile::TempDir, Cache, Recipe) {
    let temporary = tempfile::tempdir().unwrap();
    let dir = Utf8PathBuf::try_from(temporary.path().to_owned()).unwrap();
    let recipe = dir.join("recipe");
    std::fs::create_dir(&recipe).unwrap();
    std::fs::write(recipe.join("packages"), "systemd-sysv\n").unwrap();
    (temporary, Cache::at(dir.join("cache")), Recipe::read(&recipe).unwrap())
}

fn folder(cache: &Cache, name: &str) -> Utf8PathBuf {
    let dir = cache.dir().join(name);
    std::fs::create_dir_all(dir.join("states")).unwrap();
    std::fs::write(dir.join("root.qcow2"), [1; 5000]).unwrap();
    dir
}

fn removed(cleaned: &Cleaned) -> Vec<&str> {
    cleaned.removed.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_half_built_image_is_never_used() {
    let (_temporary, cache, recipe) = scene();
    let name = recipe.image_name(Suite::Bookworm);
    let partial = folder(&cache, &format!("{name}.partial"));
    let error = Image::find_in(&cache, &recipe, Suite::Bookworm).unwrap_err().to_string();
    assert!(error.ends_with("build it: cargo lab build"), "{error}");
    cache.complete(&name).unwrap();
    assert!(!partial.exists());
    assert_eq!(Image::find_in(&cache, &recipe, Suite::Bookworm).unwrap().dir(), cache.dir().join(name));
    let error = Image::find_in(&cache, &recipe, Suite::Trixie).unwrap_err().to_string();
    assert!(error.ends_with("build it: cargo lab build --suite trixie"), "{error}");
}

#[test]
fn what_a_killed_build_has_left_is_removed_by_the_next_one() {
    let (_temporary, cache, recipe) = scene();
    let image = folder(&cache, &recipe.image_name(Suite::Bookworm));
    let leftover = folder(&cache, &format!("bookworm-{OTHER}.partial"));
    std::fs::create_dir_all(leftover.join("tree/etc")).unwrap();
    let half_removed = folder(&cache, &format!("base-bookworm-{OTHER}.removed"));
    let foreign = folder(&cache, "download.partial");
    let mut said = Vec::new();
    cache.remove_leftovers(&mut |line| said.push(line.to_owned())).unwrap();
    assert!(!leftover.exists() && !half_removed.exists());
    assert!(image.exists() && foreign.exists());
    assert_eq!(
        said[1..],
        [format!("removing bookworm-{OTHER}.partial, which has been left by something that was cut off")]
    );
}

#[test]
fn cleaning_keeps_what_the_present_recipe_is_made_of_and_what_is_not_ours() {
    let (_temporary, cache, recipe) = scene();
    let base = folder(&cache, &recipe.base_name(Suite::Bookworm).unwrap());
    std::fs::write(base.join("versions"), "kernel=6.1.0-1-amd64\nzfs=2.1.11-1\n").unwrap();
    let kept = [
        recipe.image_name(Suite::Bookworm),
        recipe.image_name(Suite::Trixie),
        recipe.zfs_name(Suite::Bookworm, "6.1.0-1-amd64", "2.1.11-1"),
        "log".to_owned(),
        "bookworm-holiday".to_owned(),
    ];
    let gone = [format!("base-trixie-{OTHER}"), format!("bookworm-{OTHER}"), format!("zfs-bookworm-{OTHER}")];
    for name in kept.iter().chain(&gone) {
        folder(&cache, name);
    }
    let cleaned = cache.clean(Some(&recipe)).unwrap();
    assert_eq!(removed(&cleaned), gone);
    assert!(cleaned.removed.iter().all(|(_, bytes)| *bytes >= 5000), "{cleaned:?}");
    assert!(base.exists() && kept.iter().all(|name| cache.dir().join(name).exists()));
    assert_eq!(cache.clean(Some(&recipe)).unwrap(), Cleaned::default());
}

#[test]
fn cleaning_all_leaves_an_image_that_is_in_use() {
    let (_temporary, cache, recipe) = scene();
    let [used, idle] = Suite::ALL.map(|suite| recipe.image_name(suite));
    folder(&cache, &used);
    folder(&cache, &idle);
    let image = Image::find_in(&cache, &recipe, Suite::Bookworm).unwrap();
    let cleaned = cache.clean(None).unwrap();
    assert_eq!((removed(&cleaned), &cleaned.in_use), (vec![idle.as_str()], &vec![used.clone()]));
    assert!(image.root().exists());
    drop(image);
    assert_eq!(removed(&cache.clean(None).unwrap()), [used.as_str()]);
    assert!(Image::find_in(&cache, &recipe, Suite::Bookworm).is_err());
}

#[test]
fn cleaning_leaves_a_running_build_its_stages() {
    let (_temporary, cache, recipe) = scene();
    let base = recipe.base_name(Suite::Bookworm).unwrap();
    let partial = format!("bookworm-{OTHER}.partial");
    folder(&cache, &base);
    folder(&cache, &partial);
    folder(&cache, &format!("bookworm-{OTHER}"));
    let building = cache.building(&mut |line| panic!("{line}")).unwrap();
    let cleaned = cache.clean(None).unwrap();
    assert_eq!(cleaned.in_use, [base.clone(), partial.clone()]);
    assert_eq!(removed(&cleaned), [format!("bookworm-{OTHER}")]);
    drop(building);
    assert_eq!(removed(&cache.clean(None).unwrap()), [base, partial]);
}

#[test]
fn cleaning_where_nothing_was_ever_built_does_nothing() {
    let (_temporary, cache, recipe) = scene();
    assert_eq!(cache.clean(Some(&recipe)).unwrap(), Cleaned::default());
    assert!(!cache.dir().exists());
}

#[test]
fn what_is_mounted_in_a_leftover_is_found_innermost_first() {
    let table = "\
22 1 254:0 / / rw - ext4 /dev/vda rw
40 22 0:5 / /c/x.partial/tree/proc rw - proc proc rw
41 40 0:6 / /c/x.partial/tree/proc/sys/my\\040own rw - binfmt_misc none rw
42 22 0:5 / /c/x.partial2/proc rw - proc proc rw
";
    assert_eq!(
        mounts_below(table, "/c/x.partial".into()),
        ["/c/x.partial/tree/proc/sys/my own", "/c/x.partial/tree/proc"]
    );
}

#[test]
fn the_environment_says_where_images_are_kept() {
    let cache = |pairs: &'static [(&str, &str)]| {
        let variable =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Cache::from_environment(variable)
            .map(|cache| cache.dir().to_string())
            .map_err(|error| error.to_string())
    };
    assert_eq!(cache(&[("HOME", "/h")]).unwrap(), "/h/.cache/innkeeper-lab");
    assert_eq!(cache(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]).unwrap(), "/x/innkeeper-lab");
    assert_eq!(cache(&[("XDG_CACHE_HOME", "/x"), ("INNKEEPER_LAB_CACHE", "/l")]).unwrap(), "/l");
    assert!(cache(&[("INNKEEPER_LAB_CACHE", "here")]).unwrap_err().contains("absolute"));
    assert!(cache(&[]).unwrap_err().contains("INNKEEPER_LAB_CACHE"));
}
