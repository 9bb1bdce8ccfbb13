/* The properties of each element, release by release. */

#pragma once

#include "properties.h"

/* Until nothing more is waited for; properties since r35. */
#define CAMERA_EVENT_WAIT_NS 3e9
#define CAMERA_ACQUIRE_WAIT_NS 5e9

extern const Property decoder_properties[];
extern const Property converter_properties[];
extern const Property camera_properties[];
extern const Property jpeg_properties[];
extern const Property jpeg_decoder_properties[];
extern const Property h264_properties[];
extern const Property usb_properties[];
