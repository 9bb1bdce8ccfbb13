/* nvjpegenc and nvv4l2h264enc: GStreamer's encoders inside, NVMM or system memory outside. */

#include "elements.h"

#include "element_properties.h"
#include "nvmm.h"
#include "properties.h"
#include "wrapper.h"

static const gchar jpeg_nvmm[] = "video/x-raw(memory:NVMM), format=(string){ I420, NV12 }";
static const gchar jpeg_system_r32[] =
    "; video/x-raw, format=(string){ I420, YV12, YUY2, UYVY, Y41B, Y42B, YVYU, Y444, RGB, BGR, RGBx, xRGB, BGRx,"
    " xBGR, GRAY8 }";
static const gchar jpeg_system[] = "; video/x-raw, format=(string){ I420, YV12, GRAY8 }";
static const gchar h264_sink[] = "video/x-raw(memory:NVMM), format=(string){ I420, NV12, P010_10LE, NV24 }";
static const gchar h264_src[] = "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au";

typedef struct
{
  Wrapper parent;
  GstCaps *caps;
} Encoder;

typedef WrapperClass EncoderClass;
/* Boards' names for them, which are in the path of their messages. */
typedef Encoder GstNvJpegEnc;
typedef WrapperClass GstNvJpegEncClass;
typedef Encoder nvv4l2h264enc;
typedef WrapperClass nvv4l2h264encClass;

static GType encoder_get_type (void);
static GType jpeg_get_type (void);
static GType h264_get_type (void);
typedef Encoder NvSimulatedEncoder;
typedef EncoderClass NvSimulatedEncoderClass;
G_DEFINE_ABSTRACT_TYPE (NvSimulatedEncoder, encoder, wrapper_get_type ())
G_DEFINE_TYPE (GstNvJpegEnc, jpeg, encoder_get_type ())
G_DEFINE_TYPE (nvv4l2h264enc, h264, encoder_get_type ())

/* --- what both do -------------------------------------------------------------------------------------------- */

static gboolean
keeps (Wrapper * wrapper, GstCaps * caps)
{
  return gst_caps_is_equal (((Encoder *) wrapper)->caps, caps);
}

static GstCaps *
caps_in (Wrapper * wrapper, GstCaps * caps)
{
  gst_caps_replace (&((Encoder *) wrapper)->caps, caps);
  return gst_caps_new_full (gst_structure_copy (gst_caps_get_structure (caps, 0)), NULL);
}

static GstCaps *
caps_out (Wrapper * wrapper, GstCaps * caps)
{
  (void) wrapper;
  return gst_caps_ref (caps);
}

static GstFlowReturn
buffer_in (Wrapper * wrapper, GstBuffer ** buffer)
{
  GstBuffer *in = *buffer;

  if (!nvmm_caps (((Encoder *) wrapper)->caps))
    return GST_FLOW_OK;
  *buffer = nvmm_pixels (in);
  gst_buffer_unref (in);
  return *buffer != NULL ? GST_FLOW_OK : GST_FLOW_ERROR;
}

static GstFlowReturn
buffer_out (Wrapper * wrapper, GstBuffer ** buffer)
{
  (void) wrapper;
  (void) buffer;
  return GST_FLOW_OK;
}

static void
reset (Wrapper * wrapper)
{
  gst_caps_replace (&((Encoder *) wrapper)->caps, NULL);
}

static void
finalize (GObject * object)
{
  reset (WRAPPER (object));
  G_OBJECT_CLASS (encoder_parent_class)->finalize (object);
}

static void
encoder_class_init (EncoderClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = finalize;
  klass->keeps = keeps;
  klass->caps_in = caps_in;
  klass->caps_out = caps_out;
  klass->buffer_in = buffer_in;
  klass->buffer_out = buffer_out;
  klass->reset = reset;
}

static void
encoder_init (Encoder * self)
{
  (void) self;
}

/* --- each of them -------------------------------------------------------------------------------------------- */

static GstElement *
jpeg_make (Wrapper * wrapper, GstCaps * caps)
{
  static const gchar *const factories[] = { "jpegenc", NULL };
  GstElement *inner = wrapper_first (factories);

  (void) caps;
  if (inner != NULL)
    g_object_set (inner, "quality", (gint) property_number (wrapper, "quality"), NULL);
  else
    GST_ELEMENT_ERROR (wrapper, STREAM, CODEC_NOT_FOUND, (NULL), ("nothing encodes JPEG here"));
  return inner;
}

static void
jpeg_class_init (GstNvJpegEncClass * klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);
  gchar *sink = g_strconcat (jpeg_nvmm, release_get () == RELEASE_R32 ? jpeg_system_r32 : jpeg_system, NULL);

  properties_install (G_OBJECT_CLASS (klass), jpeg_properties);
  wrapper_class_set_templates (element, sink, "image/jpeg");
  g_free (sink);
  gst_element_class_set_static_metadata (element, "JPEG image encoder", "Codec/Encoder/Image",
      "Encode images in JPEG format", "simulated");
  klass->make = jpeg_make;
}

static void
jpeg_init (GstNvJpegEnc * self)
{
  (void) self;
}

static GstElement *
h264_make (Wrapper * wrapper, GstCaps * caps)
{
  static const gchar *const profiles[] = { "baseline", "baseline", "main", "main", "high" };
  guint bitrate = property_number (wrapper, "bitrate"), interval = property_number (wrapper, "iframeinterval");
  gint profile = property_number (wrapper, "profile");
  GError *error = NULL;

  (void) caps;
  /* In both, what they give appears with the picture that was pushed, in its thread. */
  gchar *line = g_strdup_printf ("videoconvert ! video/x-raw,format=I420 ! "
      "x264enc tune=zerolatency speed-preset=ultrafast bitrate=%u key-int-max=%u byte-stream=true ! "
      "video/x-h264,stream-format=byte-stream,alignment=au,profile=%s",
      MAX (bitrate / 1000, 1), interval, profiles[profile]);
  GstElement *inner = gst_parse_bin_from_description (line, TRUE, NULL);
  g_free (line);
  if (inner != NULL)
    return inner;
  line = g_strdup_printf ("videoconvert ! openh264enc bitrate=%u gop-size=%u ! "
      "video/x-h264,stream-format=byte-stream,alignment=au", bitrate, interval);
  inner = gst_parse_bin_from_description (line, TRUE, &error);
  g_free (line);
  if (inner == NULL)
    GST_ELEMENT_ERROR (wrapper, STREAM, CODEC_NOT_FOUND, (NULL), ("%s", error->message));
  g_clear_error (&error);
  return inner;
}

static void
h264_class_init (nvv4l2h264encClass * klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);

  properties_install (G_OBJECT_CLASS (klass), h264_properties);
  wrapper_class_set_templates (element, h264_sink, h264_src);
  gst_element_class_set_static_metadata (element, "V4L2 H.264 Encoder", "Codec/Encoder/Video",
      "Encode H.264 video streams via V4L2 API", "simulated");
  klass->make = h264_make;
}

static void
h264_init (nvv4l2h264enc * self)
{
  (void) self;
}

gboolean
jpeg_register (GstPlugin * plugin)
{
  return gst_element_register (plugin, "nvjpegenc", GST_RANK_PRIMARY + 10, jpeg_get_type ());
}

gboolean
encoder_register (GstPlugin * plugin)
{
  return gst_element_register (plugin, "nvv4l2h264enc", GST_RANK_PRIMARY + 10, h264_get_type ());
}
