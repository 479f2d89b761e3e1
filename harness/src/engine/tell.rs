//! What Puppet's `exec` resources print, while they print it.

/// See there.
const TELL: &str = include_str!("tell.rb");

/// Puts [`TELL`] into the node's memory, where no capture looks, and has Ruby load it. Where that cannot be done, the
/// command runs as it is.
const START: &str = r#"
tell=/run/fuelrig-tell.rb text=$1
shift
if [ -s "$tell" ] || { printf '%s' "$text" >"$tell.$$" && mv -f "$tell.$$" "$tell"; } 2>/dev/null; then
    export FUELRIG_RUBYOPT="$RUBYOPT" RUBYOPT="-r$tell${RUBYOPT:+ $RUBYOPT}"
fi
exec "$@"
"#;

/// The same command of a Ruby program, which tells what Puppet's `exec` resources print.
pub(super) fn telling(argv: Vec<String>) -> Vec<String> {
    let mut telling = ["sh", "-c", START, "sh", TELL].map(str::to_owned).to_vec();
    telling.extend(argv);
    telling
}
