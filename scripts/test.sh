#!/usr/bin/env bash
# Every test there is, tier by tier; `scripts/test.sh TIER…` runs some. The last lines say how each went, and what could
# not run and why. Exit code 0 only when everything that can run here has passed.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PATH"

tiers=(format lints rust crash web browser fuzz policy)
[ $# -gt 0 ] && tiers=("$@")
results=()
failed=0

# Why a tier cannot run here; nothing when it can
obstacle() {
  case $1 in
    fuzz) rustup toolchain list 2>/dev/null | grep -q nightly || echo "no nightly toolchain, which fuzzing needs" ;;
    *) ;;
  esac
}

tier_format() { cargo fmt --all --check; }
tier_lints() { cargo clippy --workspace --all-targets --locked -- -D warnings; }

# everything in Rust: pure, recordings, and the running program with its clients
tier_rust() { cargo nextest run --workspace --locked; }

# kills between any two steps of a change: needs the failpoints compiled in
tier_crash() {
  cargo nextest run --locked --package innkeeper-engine --package innkeeper \
    --features innkeeper-engine/failpoints,innkeeper/failpoints -E 'test(/failpoint|crash|kill/) or binary(/crash/)' --no-tests=fail
}

tier_web() {
  make --silent web/dist/index.html && (cd web && npm run --silent check && npm run --silent test)
}

# the program as users get it, in Debian's Chromium
tier_browser() {
  make --silent web/dist/index.html && cargo build --locked --package innkeeper &&
    (cd web && INNKEEPER_BIN="$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/innkeeper" npm run --silent e2e)
}

tier_fuzz() {
  local target
  for target in $(cd fuzz && cargo +nightly fuzz list); do
    (cd fuzz && cargo +nightly fuzz run "$target" -- -max_total_time="${FUZZ_SECONDS:-10}" -verbosity=0 -print_final_stats=0) ||
      return 1
  done
}

# licences, sources, words
tier_policy() {
  cargo deny --locked --offline check licenses bans sources 2>&1 | tail -n 3 && [ "${PIPESTATUS[0]}" -eq 0 ] && .venv/bin/typos
}

for tier in "${tiers[@]}"; do
  why=$(obstacle "$tier")
  if [ -n "$why" ]; then
    results+=("$tier: NOT RUN: $why")
    continue
  fi
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
exit $((failed > 0))
