#include "codecs.h"

#include "wrapper.h"

static const struct
{
  const gchar *media;
  gint version;
  const gchar *factories[4];
} decoders[] = {
  { "image/jpeg", 0, { "avdec_mjpeg", "jpegdec" } },
  { "video/x-h264", 0, { "avdec_h264", "openh264dec" } },
  { "video/x-h265", 0, { "avdec_h265", "libde265dec" } },
  { "video/mpeg", 4, { "avdec_mpeg4" } },
  { "video/mpeg", 0, { "avdec_mpeg2video", "mpeg2dec" } },
  { "video/x-divx", 0, { "avdec_mpeg4" } },
  { "video/x-vp8", 0, { "vp8dec", "avdec_vp8" } },
  { "video/x-vp9", 0, { "vp9dec", "avdec_vp9" } },
  { "video/x-av1", 0, { "dav1ddec", "av1dec" } },
};

static gboolean
has (GstElement * element, const gchar * property)
{
  return g_object_class_find_property (G_OBJECT_GET_CLASS (element), property) != NULL;
}

GstElement *
codec_make (const gchar * media, gint mpegversion)
{
  for (guint i = 0; i < G_N_ELEMENTS (decoders); i++) {
    if (!g_str_equal (media, decoders[i].media) || (decoders[i].version != 0 && decoders[i].version != mpegversion))
      continue;
    GstElement *inner = wrapper_first (decoders[i].factories);
    if (inner != NULL && has (inner, "max-threads"))
      g_object_set (inner, "max-threads", 1, NULL);
    if (inner != NULL && has (inner, "max-errors"))
      g_object_set (inner, "max-errors", -1, NULL); /* the hardware goes on after what it cannot decode */
    return inner;
  }
  return NULL;
}
