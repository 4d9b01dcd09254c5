use super::*;

const NEON: &str = "postgresql://n8n_user:p%40ss@ep-cool-1234-pooler.eu-central-1.aws.neon.tech/Marketing%20DB?sslmode=verify-full&channel_binding=require&pgbouncer=true&schema=marketing";

fn parse(text: &str) -> Address {
    Address::parse(Some(text), |_| None).unwrap()
}

#[test]
fn a_pooled_address_leads_to_the_direct_host_with_its_database_and_a_warning_each_for_foreign_parameters()
 {
    let address = parse(NEON);
    assert!(address.is_pooled());
    assert_eq!(
        address.target(),
        "n8n_user@ep-cool-1234.eu-central-1.aws.neon.tech:5432/Marketing DB"
    );
    assert_eq!(address.tls(), TlsMode::Require);
    assert_eq!(address.driver_config().get_password(), Some(&b"p@ss"[..]));
    assert_eq!(
        address.driver_config().get_channel_binding(),
        ChannelBinding::Require
    );
    assert_eq!(address.warnings().len(), 2);
}

#[test]
fn neither_debug_nor_an_error_shows_the_password() {
    assert!(!format!("{:?}", parse(NEON)).contains("p@ss"));
    for text in [
        "postgresql://u:geheim@h:notaport/db",
        "postgresql://u:geheim@[::1/db",
        "password=geheim host",
        "password='geheim host=h",
        "mysql://u:geheim@h/db",
        "postgresql://u:geheim%FF@h/db",
    ] {
        let error = Address::parse(Some(text), |_| None).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("geheim"),
            "{error:?}"
        );
    }
}

#[test]
fn a_socket_is_never_encrypted_and_loopback_only_when_asked() {
    let socket = parse("postgresql://postgres@/outpost?host=/tmp/x&port=5433&sslmode=require");
    assert_eq!(socket.tls(), TlsMode::Off);
    assert_eq!(socket.target(), "postgres@/tmp/x:5433/outpost");
    assert_eq!(parse("postgres://localhost/db").tls(), TlsMode::Off);
    assert_eq!(
        parse("postgres://localhost/db?sslmode=require").tls(),
        TlsMode::Require
    );
    assert_eq!(
        parse("postgres://localhost/db?sslmode=prefer").tls(),
        TlsMode::Prefer
    );
    assert_eq!(parse("postgres://db.example/db").tls(), TlsMode::Prefer);
    assert_eq!(
        parse("postgres://db.example/db?sslmode=allow").tls(),
        TlsMode::Prefer
    );
    assert_eq!(
        parse("postgres://db.example/db?sslmode=disable").tls(),
        TlsMode::Off
    );
}

#[test]
fn key_value_pairs_may_be_quoted_and_escaped() {
    let address =
        parse(r"host=db.example port=6432 dbname='Marketing DB' user=o\'hara password='a\\b c'");
    assert_eq!(address.target(), "o'hara@db.example:6432/Marketing DB");
    assert_eq!(address.driver_config().get_password(), Some(&br"a\b c"[..]));
}

#[test]
fn several_hosts_and_ipv6_reach_the_driver() {
    let address = parse("postgres://u@[2001:db8::1]:5433,b.example:5434/db");
    assert_eq!(
        address.driver_config().get_hosts(),
        [
            Host::Tcp("2001:db8::1".into()),
            Host::Tcp("b.example".into())
        ]
    );
    assert_eq!(address.driver_config().get_ports(), [5433, 5434]);
}

#[test]
fn a_password_pasted_without_encoding_is_taken_as_it_is() {
    let address = parse("postgres://u:50%@home@db.example/x");
    assert_eq!(
        address.driver_config().get_password(),
        Some(&b"50%@home"[..])
    );
    assert_eq!(address.target(), "u@db.example:5432/x");
}

#[test]
fn variables_fill_in_what_the_address_leaves_out() {
    let variable = |name: &str| match name {
        "PGHOST" => Some("other.example".to_owned()),
        "PGPORT" => Some("7777".to_owned()),
        "PGUSER" => Some("ops".to_owned()),
        "PGPASSWORD" => Some("secret".to_owned()),
        _ => None,
    };
    let address = Address::parse(Some("postgres://db.example/x"), variable).unwrap();
    assert_eq!(address.target(), "ops@db.example:5432/x");
    let address = Address::parse(None, variable).unwrap();
    assert_eq!(address.target(), "ops@other.example:7777/");
    assert_eq!(
        Address::parse(None, |_| None).unwrap_err(),
        AddressError::Absent
    );
}

#[test]
fn the_later_of_two_parameters_wins() {
    let address = parse("postgres://a.example/x?host=/run/pg&dbname=y");
    assert_eq!(
        address.driver_config().get_hosts(),
        [Host::Unix("/run/pg".into())]
    );
    assert_eq!(address.driver_config().get_dbname(), Some("y"));
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_it(text in "(postgres://)?[a-z:@/?%=&\\[\\]',\\\\ é0-9]{0,60}") {
        drop(Address::parse(Some(&text), |_| None));
    }
}
