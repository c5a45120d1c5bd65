"""Phones get the instance in the cloud as their second server by themselves."""

from appliance.app.phones.facts import Reach, phone_facts
from appliance.model.documents import Extension
from appliance.model.ids import DeviceId, ExtensionId, PhoneId
from appliance.model.instances import Instance, Role
from appliance.model.phones import IpPhone, Provisioning
from appliance.model.snapshot import build
from appliance.provisioning.facts import Server

HERE = Reach(address="192.168.1.10", sip_port=5060, tls_port=5061, http_port=80, https_port=443)
PHONE = IpPhone(
    id=PhoneId("p"), mac="001565aabbcc", vendor="yealink", devices=(DeviceId("21"),), token="t" * 24
)
CLOUD = Instance(id="cloud", role=Role.CLOUD, address="cloud.example.net", sip_port=5070, tls_port=5071)


def secondary(*documents: Instance | Provisioning, reach: Reach = HERE) -> Server | None:
    extension = Extension(id=ExtensionId("21"), number="21")
    return phone_facts(build([extension, PHONE, *documents]), PHONE, reach).secondary


def test_the_second_server_is_where_the_cloud_says_it_is() -> None:
    assert secondary() is None
    assert secondary(Instance(id="koeln", address="192.168.1.10")) is None
    assert secondary(CLOUD) == Server(host="cloud.example.net", port=5071, transport="tls")


def test_what_the_office_says_counts_more_and_nobody_falls_back_to_the_same() -> None:
    said = Provisioning(cloud="other.example.net:5099")
    assert secondary(CLOUD, said) == Server(host="other.example.net", port=5099, transport="tls")
    at_the_cloud = Reach(
        address="cloud.example.net", sip_port=5070, tls_port=5071, http_port=80, https_port=443
    )
    assert secondary(CLOUD, reach=at_the_cloud) is None
