//! The order of a dictionary of Python 2.7: by hash, with its probing and growth. Nailgun tells of the first thing that
//! is wrong in that order, so a refusal of a whole settings document names the section that this order puts first.

/// The hash of an ASCII string on a 64-bit machine, without randomisation, as Nailgun ran.
fn hash(key: &str) -> u64 {
    let mut hash = u64::from(key.bytes().next().unwrap_or(0)) << 7;
    for byte in key.bytes() {
        hash = hash.wrapping_mul(1_000_003) ^ u64::from(byte);
    }
    hash ^= key.len() as u64;
    // -1 means an error there.
    if hash == u64::MAX { u64::MAX - 1 } else { hash }
}

fn insert<'a>(slots: &mut [Option<&'a str>], key: &'a str) -> bool {
    let mask = slots.len() - 1;
    let hash = hash(key);
    // Only the low bits name a slot; what the shift brings down of the others decides where a collision goes.
    let (mut index, mut perturb) = (hash, hash);
    loop {
        let slot = &mut slots[usize::try_from(index & mask as u64).unwrap_or(0)];
        match slot {
            None => {
                *slot = Some(key);
                return true;
            }
            Some(known) if *known == key => return false,
            Some(_) => {
                index = (index << 2).wrapping_add(index).wrapping_add(perturb).wrapping_add(1);
                perturb >>= 5;
            }
        }
    }
}

/// The keys in the order in which such a dictionary gives them, when they were put in one after another.
pub(crate) fn order<'a>(keys: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut slots: Vec<Option<&str>> = vec![None; 8];
    let mut used = 0;
    for key in keys {
        if insert(&mut slots, key) {
            used += 1;
        }
        // Two thirds full: it grows to the first power of two above four times what is in it.
        if used * 3 >= slots.len() * 2 {
            let mut size = 8;
            while size <= used * 4 {
                size *= 2;
            }
            let old = std::mem::replace(&mut slots, vec![None; size]);
            for key in old.into_iter().flatten() {
                insert(&mut slots, key);
            }
        }
    }
    slots.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_the_order_of_python_2() {
        // What CPython 2.7 prints for dictionaries made of these in this order.
        assert_eq!(order(["a", "b", "c", "d"]), ["a", "c", "b", "d"]);
        assert_eq!(order(["name", "version", "title"]), ["version", "name", "title"]);
        assert_eq!(order(["x", "x"]), ["x"]);
    }

    proptest::proptest! {
        #[test]
        fn no_key_is_lost_and_none_comes_twice(keys in proptest::collection::btree_set("[a-z_]{0,12}", 0..80)) {
            let mut ordered = order(keys.iter().map(String::as_str));
            ordered.sort_unstable();
            proptest::prop_assert_eq!(ordered, keys.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
