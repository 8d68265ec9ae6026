"""MQTT packets to bytes and back, for 3.1, 3.1.1 and 5.0.

Encoders do not check anything: a test may want to send what is wrong.
Versions are the protocol levels on the wire: 3 is 3.1, 4 is 3.1.1, 5 is 5.0.
Properties are lists of (name, value), so their order is visible.
"""

from types import SimpleNamespace

(CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE,
 SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT,
 AUTH) = range(1, 16)

NAMES = ("reserved connect connack publish puback pubrec pubrel pubcomp "
         "subscribe suback unsubscribe unsuback pingreq pingresp disconnect "
         "auth").split()

PROPERTIES = {  # identifier: (name, type).  MQTT 5.0, 2.2.2.2
    1: ("payload_format_indicator", "byte"),
    2: ("message_expiry_interval", "u32"),
    3: ("content_type", "string"),
    8: ("response_topic", "string"),
    9: ("correlation_data", "binary"),
    11: ("subscription_identifier", "varint"),
    17: ("session_expiry_interval", "u32"),
    18: ("assigned_client_identifier", "string"),
    19: ("server_keep_alive", "u16"),
    21: ("authentication_method", "string"),
    22: ("authentication_data", "binary"),
    23: ("request_problem_information", "byte"),
    24: ("will_delay_interval", "u32"),
    25: ("request_response_information", "byte"),
    26: ("response_information", "string"),
    28: ("server_reference", "string"),
    31: ("reason_string", "string"),
    33: ("receive_maximum", "u16"),
    34: ("topic_alias_maximum", "u16"),
    35: ("topic_alias", "u16"),
    36: ("maximum_qos", "byte"),
    37: ("retain_available", "byte"),
    38: ("user_property", "pair"),
    39: ("maximum_packet_size", "u32"),
    40: ("wildcard_subscription_available", "byte"),
    41: ("subscription_identifier_available", "byte"),
    42: ("shared_subscription_available", "byte"),
}
IDENTIFIERS = {name: number for number, (name, _) in PROPERTIES.items()}


# ---------------------------------------------------------------- encoding

def u16(number):
    return number.to_bytes(2, "big")


def u32(number):
    return number.to_bytes(4, "big")


def varint(number):
    out = bytearray()
    while True:
        number, digit = divmod(number, 128)
        out.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(out)


def binary(value):
    if isinstance(value, str):
        value = value.encode()
    return u16(len(value)) + value


ENCODERS = {
    "byte": lambda value: bytes([value]),
    "u16": u16,
    "u32": u32,
    "varint": varint,
    "string": binary,
    "binary": binary,
    "pair": lambda value: binary(value[0]) + binary(value[1]),
}


def one_property(name, value):
    number = IDENTIFIERS[name]
    return bytes([number]) + ENCODERS[PROPERTIES[number][1]](value)


def properties(version, items):
    if version < 5:
        return b""
    body = b"".join(one_property(*item) for item in items)
    return varint(len(body)) + body


def frame(kind, flags, body=b""):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def will(topic, payload=b"", qos=0, retain=False, props=()):
    return SimpleNamespace(topic=topic, payload=payload, qos=qos,
                           retain=retain, props=list(props))


def connect(client_id, version=5, clean=True, keepalive=60, will=None,
            username=None, password=None, props=()):
    flags = 0x02 if clean else 0
    payload = binary(client_id)
    if will is not None:
        flags |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
        payload += properties(version, will.props)
        payload += binary(will.topic) + binary(will.payload)
    if username is not None:
        flags |= 0x80
        payload += binary(username)
    if password is not None:
        flags |= 0x40
        payload += binary(password)
    name = binary("MQIsdp" if version == 3 else "MQTT")
    head = name + bytes([version, flags]) + u16(keepalive)
    return frame(CONNECT, 0, head + properties(version, props) + payload)


def publish(topic, payload=b"", qos=0, packet_id=1, retain=False, dup=False,
            version=5, props=()):
    if isinstance(payload, str):
        payload = payload.encode()
    flags = (8 if dup else 0) | qos << 1 | (1 if retain else 0)
    number = u16(packet_id) if qos else b""
    return frame(PUBLISH, flags, b"".join((
        binary(topic), number, properties(version, props), payload)))


def ack(kind, packet_id, reason=0, version=5):
    flags = 2 if kind == PUBREL else 0
    tail = bytes([reason]) if version == 5 and reason else b""
    return frame(kind, flags, u16(packet_id) + tail)


def subscribe(packet_id, *filters, version=5, props=()):
    """`filters` are (filter, options byte); the options hold the QoS."""
    body = u16(packet_id) + properties(version, props)
    for name, options in filters:
        body += binary(name) + bytes([options])
    return frame(SUBSCRIBE, 2, body)


def unsubscribe(packet_id, *filters, version=5):
    body = u16(packet_id) + properties(version, ())
    return frame(UNSUBSCRIBE, 2, body + b"".join(map(binary, filters)))


def disconnect(reason=0, version=5, props=()):
    if version < 5:
        return frame(DISCONNECT, 0)
    return frame(DISCONNECT, 0, bytes([reason]) + properties(version, props))


PINGREQ_BYTES = frame(PINGREQ, 0)


# ---------------------------------------------------------------- decoding

class Reader:
    """Takes values off the front of `data`."""

    def __init__(self, data):
        self.data = memoryview(data)

    def take(self, count):
        assert count <= len(self.data), "packet is shorter than it says"
        head, self.data = self.data[:count], self.data[count:]
        return bytes(head)

    def byte(self):
        return self.take(1)[0]

    def u16(self):
        return int.from_bytes(self.take(2), "big")

    def u32(self):
        return int.from_bytes(self.take(4), "big")

    def varint(self):
        number = shift = 0
        while True:
            digit = self.byte()
            number |= (digit & 0x7F) << shift
            shift += 7
            if digit < 0x80:
                return number

    def binary(self):
        return self.take(self.u16())

    def string(self):
        return self.binary().decode()

    def pair(self):
        return self.string(), self.string()

    def rest(self):
        return self.take(len(self.data))

    def properties(self, version):
        if version < 5 or not self.data:
            return []
        inner = Reader(self.take(self.varint()))
        items = []
        while inner.data:
            name, kind = PROPERTIES[inner.byte()]
            items.append((name, getattr(inner, kind)()))
        return items


class Packet(SimpleNamespace):
    """`kind` names the type; the other fields are those of the packet."""

    def prop(self, name, default=None):
        """The first property called `name`."""
        return next((v for n, v in self.props if n == name), default)


def split(buffer, start=0):
    """Where the first packet of `buffer` has its body: (start, end).

    None as long as the packet is not complete.
    """
    size = shift = 0
    for index in range(start + 1, min(len(buffer), start + 5)):
        size |= (buffer[index] & 0x7F) << shift
        shift += 7
        if buffer[index] < 0x80:
            end = index + 1 + size
            return (index + 1, end) if len(buffer) >= end else None
    return None


def decode(first, body, version):
    kind = first >> 4
    packet = Packet(kind=NAMES[kind], flags=first & 15)
    DECODERS[kind](packet, Reader(body), version)
    return packet


def decode_connect(packet, data, version):
    packet.name = data.string()
    packet.version = data.byte()
    flags = data.byte()
    packet.clean = bool(flags & 2)
    packet.keepalive = data.u16()
    packet.props = data.properties(packet.version)
    packet.client_id = data.string()
    packet.will = packet.username = packet.password = None
    if flags & 4:
        props = data.properties(packet.version)
        packet.will = will(data.string(), data.binary(), flags >> 3 & 3,
                           bool(flags & 0x20), props)
    if flags & 0x80:
        packet.username = data.string()
    if flags & 0x40:
        packet.password = data.binary()


def decode_connack(packet, data, version):
    packet.session_present = bool(data.byte())
    packet.reason = data.byte()
    packet.props = data.properties(version)


def decode_publish(packet, data, version):
    packet.dup = bool(packet.flags & 8)
    packet.qos = packet.flags >> 1 & 3
    packet.retain = bool(packet.flags & 1)
    packet.topic = data.string()
    packet.packet_id = data.u16() if packet.qos else None
    packet.props = data.properties(version)
    packet.payload = data.rest()


def decode_ack(packet, data, version):
    packet.packet_id = data.u16()
    packet.reason = data.byte() if data.data else 0
    packet.props = data.properties(version)


def decode_subscribe(packet, data, version):
    packet.packet_id = data.u16()
    packet.props = data.properties(version)
    packet.filters = []
    while data.data:
        packet.filters.append((data.string(), data.byte()))


def decode_unsubscribe(packet, data, version):
    packet.packet_id = data.u16()
    packet.props = data.properties(version)
    packet.filters = []
    while data.data:
        packet.filters.append(data.string())


def decode_suback(packet, data, version):
    packet.packet_id = data.u16()
    packet.props = data.properties(version)
    packet.reasons = list(data.rest())


def decode_reason(packet, data, version):
    packet.reason = data.byte() if data.data else 0
    packet.props = data.properties(version)


def decode_nothing(packet, data, version):
    assert not data.data, "a body where there is none"


DECODERS = {
    CONNECT: decode_connect, CONNACK: decode_connack,
    PUBLISH: decode_publish,
    PUBACK: decode_ack, PUBREC: decode_ack,
    PUBREL: decode_ack, PUBCOMP: decode_ack,
    SUBSCRIBE: decode_subscribe, SUBACK: decode_suback,
    UNSUBSCRIBE: decode_unsubscribe, UNSUBACK: decode_suback,
    PINGREQ: decode_nothing, PINGRESP: decode_nothing,
    DISCONNECT: decode_reason, AUTH: decode_reason,
}
