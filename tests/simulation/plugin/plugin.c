/* The elements that NVIDIA's packages add to GStreamer on a Jetson, as far as caps, properties and failures go, and
 * v4l2src, which has no devices here. */

#include "elements.h"

#include "release.h"

#define PACKAGE "edge tests"

static const struct
{
  const gchar *name;
  gboolean (*enroll) (GstPlugin * plugin);
} elements[] = {
  { "nvv4l2decoder", decoder_register },
  { "nvvidconv", converter_register },
  { "nvarguscamerasrc", camera_register },
  { "nvjpegenc", jpeg_register },
  { "nvjpegdec", jpeg_decoder_register },
  { "nvv4l2h264enc", encoder_register },
  { "v4l2src", usb_register },
};

static gboolean
init (GstPlugin * plugin)
{
  gst_plugin_add_dependency_simple (plugin, RELEASE_ENVIRONMENT, NULL, NULL, GST_PLUGIN_DEPENDENCY_FLAG_NONE);
  if (release_get () == RELEASE_NONE)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (elements); i++)
    if (release_has (elements[i].name) && !elements[i].enroll (plugin))
      return FALSE;
  return TRUE;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, simulatedjetson, "Elements of a Jetson, simulated", init,
    "1.0", "unknown", PACKAGE, "https://gstreamer.freedesktop.org")
