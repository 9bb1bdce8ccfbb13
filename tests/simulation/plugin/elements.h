/* The elements of the plugin. */

#pragma once

#include <gst/gst.h>

gboolean decoder_register (GstPlugin * plugin);
gboolean converter_register (GstPlugin * plugin);
gboolean camera_register (GstPlugin * plugin);
gboolean jpeg_register (GstPlugin * plugin);
gboolean jpeg_decoder_register (GstPlugin * plugin);
gboolean encoder_register (GstPlugin * plugin);
gboolean usb_register (GstPlugin * plugin);
