"""What Home Assistant is told of this device and its cameras, so that it finds them by itself: device-based MQTT
discovery. Functions of what there is, to retained payloads by topic; who publishes them is edge.daemon.homeassistant.

Every camera is a device of its own, behind ("via") the box: it can stand in an area of its own, and one empty payload
takes it away with all its entities. In Home Assistant a payload is one device, so that is also one payload each.
"""

from edge.events.homeassistant.discovery import Payloads, discovery, removal_stubs
from edge.events.homeassistant.fields import Field, present
from edge.events.homeassistant.labels import Counted, counted, zeros, zone_topic
from edge.events.homeassistant.names import is_config_topic

__all__ = [
    "Counted", "Field", "Payloads", "counted", "discovery", "is_config_topic", "present", "removal_stubs", "zeros",
    "zone_topic",
]  # fmt: skip
