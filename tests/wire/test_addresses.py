"""Which addresses may be stored and which may be dialled."""

import pytest

from agents.addresses import BlockedAddressError, Policy, canonical_url


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        (" HTTPS://Example.ORG ", "https://example.org/"),
        ("https://example.org:443/a/b?c=d", "https://example.org/a/b?c=d"),
        ("http://n8n:5678/webhook/x", "http://n8n:5678/webhook/x"),
        ("http://example.org:80", "http://example.org/"),
        ("http://bücher.example/x", "http://xn--bcher-kva.example/x"),
        ("http://[2606:4700:0::1]/", "http://[2606:4700::1]/"),
        ("http://１.1.1.1/", "http://1.1.1.1/"),
        ("http://agent_1.internal/%41", "http://agent_1.internal/%41"),
    ],
)
def test_an_address_has_one_spelling(url, stored):
    assert canonical_url(url, require_https=False) == stored
    assert canonical_url(stored, require_https=False) == stored


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.org", "ftp://example.org/", "javascript:alert(1)", "file:///etc/passwd", "http://", "http:///x"),
        *("http://user:pw@example.org/", "http://@example.org/", "http://example.org/#x", "http://example.org/#"),
        *(
            "http://exa mple.org/",
            "http://example.org/a b",
            "http://example.org/\r\nX: y",
            "http://example.org\\@evil/",
        ),
        *("http://example.org/%5c", "http://example.org:0/", "http://example.org:70000/", "http://example.org:x/"),
        *("http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://0177.0.0.1/", "http://1.2.3.4.5/"),
        *("http://[::1", "http://[zz]/", "http://-a.org/", "http://a..org/", "http://" + "a" * 300 + ".org/"),
        *("http://exa\x00mple.org/", "http://%65xample.org/", "http://☃\u200d.org/"),
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match=r"\w.*\.$"):
        canonical_url(url, require_https=False)


def test_https_can_be_required():
    with pytest.raises(ValueError, match="https"):
        canonical_url("http://example.org/", require_https=True)


def allowed(address, *, hosts=(), networks=(), host="agent", port=80):
    try:
        Policy.of(hosts, networks).check(host, port, [address])
    except BlockedAddressError:
        return False
    return True


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are_free(address):
    assert allowed(address)


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "168.63.129.16", "169.254.169.254", "172.16.0.1"),
        *("192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
        *("255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"),
        *("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1"),
        *("fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "::ffff:0:7f00:1", "::ffff:0:10.0.0.1"),
    ],
)
def test_the_rest_is_not(address):
    assert not allowed(address)


def test_the_operator_may_allow_networks_and_hosts():
    assert allowed("10.1.2.3", networks=["10.0.0.0/8"])
    assert allowed("::ffff:10.1.2.3", networks=["10.0.0.0/8"])
    assert allowed("10.1.2.3", networks=["10.0.0.5/8"])
    assert not allowed("10.1.2.3", networks=["10.2.0.0/16"])
    assert allowed("10.1.2.3", hosts=["n8n:5678"], host="N8N.", port=5678)
    assert not allowed("10.1.2.3", hosts=["n8n:5678"], host="n8n", port=5679)
    assert allowed("::1", hosts=["[::1]:80"], host="::1")


def test_metadata_services_need_a_permission_of_their_own():
    metadata = "169.254.169.254"
    assert not allowed(metadata, networks=["0.0.0.0/0"])
    assert not allowed(metadata, networks=["169.0.0.0/8"])
    assert not allowed(f"::ffff:{metadata}", networks=["0.0.0.0/0", "::/0"])
    assert allowed(metadata, networks=["169.254.0.0/16"])
    assert allowed(metadata, networks=["169.254.169.254/32"])
    assert allowed(metadata, hosts=["agent:80"])


def test_the_refusal_says_what_to_do():
    with pytest.raises(BlockedAddressError, match=r"10\.1\.2\.3.*10\.0\.0\.0/8.*n8n:5678 in AGENT_ALLOWED_HOSTS"):
        Policy.of([], []).check("n8n", 5678, ["1.1.1.1", "10.1.2.3"])
