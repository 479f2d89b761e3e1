//! The routes of this host: a subnet that it already reaches otherwise must not become a Docker network.

use std::net::Ipv4Addr;

use super::subnet::Subnet;

/// Subnets that this host has routes to, without the default route. Empty where the kernel has no such table.
pub(crate) fn host_routes() -> Vec<Subnet> {
    fs_err::read_to_string("/proc/net/route")
        .map(|table| parse(&table))
        .unwrap_or_default()
}

fn parse(table: &str) -> Vec<Subnet> {
    table.lines().skip(1).filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Subnet> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let address = u32::from_str_radix(fields.get(1)?, 16).ok()?;
    let mask = u32::from_str_radix(fields.get(7)?, 16).ok()?;
    // The table is in network byte order, read as a little-endian number.
    let prefix = u8::try_from(mask.swap_bytes().leading_ones()).ok()?;
    if prefix == 0 {
        return None;
    }
    Subnet::new(Ipv4Addr::from(address.swap_bytes()), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_read_from_the_kernels_table_without_the_default_one() {
        let table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
                     eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                     docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n\
                     eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        let routes: Vec<String> = parse(table).iter().map(ToString::to_string).collect();
        assert_eq!(routes, ["172.17.0.0/16", "192.0.2.0/24"]);
    }
}
