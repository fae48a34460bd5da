import pytest

from listener.crawl.guards import AddressPolicy, AddressRefused

POLICY = AddressPolicy(networks=[], endpoints=["127.0.0.1:8710"])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://0x7f000001/",
        "http://127.0.0.1./",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1%25eth0]/",
        "http://[fd00::1]/",
        "http://10.0.0.8/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://127.0.0.1:8711/",
        "http://user:pass@example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "http://999.1.1.1/",
        "http://exa mple.com/",
        "http:///nohost",
        "http://example.com:99999/",
        "http://" + "a" * 5000,
    ],
)
def test_addresses_that_spiders_must_not_ask_are_refused(url):
    with pytest.raises(AddressRefused):
        POLICY.check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a",
        "http://8.8.8.8/",
        "http://127.0.0.1:8710/x",
        "https://xn--fiq228c.cn/",
    ],
)
def test_public_addresses_and_the_allowed_endpoint_pass(url):
    POLICY.check_url(url)
