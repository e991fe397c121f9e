#!/usr/bin/env bash
# The tests, tier by tier, all but the lab's long ones; `scripts/test.sh TIER…` runs some. The last lines say how each went. Exit code 0 only
# when everything has passed; what it needs is installed by scripts/tools.sh.
set -uo pipefail
cd "$(dirname "$0")/.."
tools="${XDG_CACHE_HOME:-$HOME/.cache}/innkeeper-tools"
export PATH="$tools/bin:$PATH"
[ -x "$tools/ifupdown2/ifquery" ] && export INNKEEPER_IFQUERY="${INNKEEPER_IFQUERY:-$tools/ifupdown2/ifquery}"

tiers=(format lints rust crash web browser lab fuzz policy)
[ $# -gt 0 ] && tiers=("$@")
results=()
failed=0

tier_format() { cargo fmt --all --check; }
tier_lints() { cargo clippy --workspace --all-targets --locked -- -D warnings; }

# everything in Rust: pure, recordings, and the running program with its clients
tier_rust() { cargo nextest run --workspace --locked; }

# kills between any two steps of a change: needs the failpoints compiled in
tier_crash() {
  cargo nextest run --locked --package innkeeper-engine --package innkeeper \
    --features innkeeper-engine/failpoints,innkeeper/failpoints -E 'test(/failpoint|crash|kill/) or binary(/crash/)' --no-tests=fail
}

tier_web() { (cd web && npm run --silent check && npm run --silent test); }

# the program as users get it, in Debian's Chromium
tier_browser() {
  # the same build as the Rust tests', so that nothing is compiled a second time with other features
  cargo nextest run --workspace --locked --no-run &&
    (cd web && INNKEEPER_BIN="$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/innkeeper" npm run --silent e2e)
}

# On real hosts in QEMU; builds their image where it is missing, and lists the slowest tests. Those that boot hosts again and
# again take longer than all the rest and are not among these: docs/lab.md names them, `cargo lab test` runs all.
tier_lab() { scripts/tools.sh lab && cargo lab test start:: disks:: network:: apt::; }

tier_fuzz() { fuzz/run "${FUZZ_SECONDS:-10}"; }

# licences, sources, words
tier_policy() {
  cargo deny --locked check licenses bans sources 2>&1 | tail -n 3 && [ "${PIPESTATUS[0]}" -eq 0 ] && .venv/bin/typos
}

# first, so that the program is compiled once, with its GUI
make --silent web/dist/index.html || exit 1

for tier in "${tiers[@]}"; do
  printf '\n== %s\n' "$tier"
  begin=$SECONDS
  if "tier_$tier"; then
    results+=("$tier: passed in $((SECONDS - begin)) s")
  else
    results+=("$tier: FAILED after $((SECONDS - begin)) s")
    failed=$((failed + 1))
  fi
done

printf '\n'
printf '%s\n' "${results[@]}"
[[ " ${tiers[*]} " == *" lab "* ]] && echo "not run here: the lab's tests that boot hosts again and again (cargo lab test; docs/lab.md names them)"
exit $((failed > 0))
