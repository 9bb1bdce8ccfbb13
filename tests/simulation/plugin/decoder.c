/* nvv4l2decoder: libav's decoders inside, NVMM outside. */

#include "elements.h"

#include "element_properties.h"
#include "picture.h"
#include "properties.h"
#include "release.h"
#include "surfaces.h"
#include "units.h"

/* The driver's least number of pictures, before num-extra-surfaces; with that one about 11, as seen on boards. */
#define LEAST_SURFACES 10

enum
{ DECODE_ALL, DECODE_NON_REF, DECODE_KEY };

static const gchar sink_caps[] =
    "image/jpeg; "
    "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au; "
    "video/x-h265, stream-format=(string)byte-stream, alignment=(string)au; "
    "video/mpeg, mpegversion=(int){ 1, 2, 4 }, systemstream=(boolean)false; "
    "video/x-divx; video/x-vp8; video/x-vp9";
static const gchar sink_caps_av1[] = "; video/x-av1";
static const gchar src_caps[] =
    "video/x-raw(memory:NVMM), width=(int)[ 1, MAX ], height=(int)[ 1, MAX ], framerate=(fraction)[ 0, MAX ]";

typedef struct
{
  Surfaces parent;
  UnitKind kind;
  guint decoded;
  gboolean waits_for_key;
} Decoder;

typedef SurfacesClass DecoderClass;

/* Boards' name for it, which is in the path of its messages. */
typedef Decoder nvv4l2decoder;
typedef DecoderClass nvv4l2decoderClass;
static GType nvv4l2decoder_get_type (void);
G_DEFINE_TYPE (nvv4l2decoder, nvv4l2decoder, surfaces_get_type ())

static GstElement *
make (Wrapper * wrapper, GstCaps * caps)
{
  Decoder *self = (Decoder *) wrapper;
  const gchar *media = gst_structure_get_name (gst_caps_get_structure (caps, 0));

  self->kind = unit_kind (media);
  self->decoded = 0;
  self->waits_for_key = FALSE;
  if (g_str_equal (media, "image/jpeg") && !property_number (self, "mjpeg")) {
    GST_ELEMENT_ERROR (self, STREAM, DECODE, (NULL), ("JPEG needs mjpeg=1"));
    return NULL;
  }
  return surfaces_begin (&self->parent, caps);
}

static GstFlowReturn
buffer_in (Wrapper * wrapper, GstBuffer ** buffer)
{
  Decoder *self = (Decoder *) wrapper;
  gint skips = property_number (self, "skip-frames");
  gboolean key = !GST_BUFFER_FLAG_IS_SET (*buffer, GST_BUFFER_FLAG_DELTA_UNIT);

  if (key)
    self->waits_for_key = FALSE;
  gboolean skip = self->waits_for_key;
  if (skips == DECODE_KEY && !key)
    skip = self->waits_for_key = TRUE; /* what refers to a skipped picture cannot be decoded later either */
  else if (skips == DECODE_NON_REF && !key && !unit_is_reference (self->kind, *buffer))
    skip = TRUE;
  if (skip) {
    gst_buffer_unref (*buffer);
    *buffer = NULL;
  }
  return GST_FLOW_OK;
}

static const gchar *
format (Surfaces * self, GstVideoFormat decoded, gboolean * nvmm)
{
  (void) nvmm;
  return picture_surface_format (self->media, decoded);
}

static guint
number (Surfaces * self)
{
  return LEAST_SURFACES + property_number (self, "num-extra-surfaces");
}

/* An interval drops what was decoded; a control file's order, everything. */
static gboolean
kept_back (Surfaces * surfaces)
{
  Decoder *self = (Decoder *) surfaces;
  gchar **order = release_order ("decoder");
  gboolean silent = order != NULL && g_strcmp0 (order[0], "silent") == 0;

  g_strfreev (order);
  guint interval = property_number (self, "drop-frame-interval");
  guint place = self->decoded++;
  return silent || (interval > 0 && place % interval != 0);
}

static void
nvv4l2decoder_class_init (DecoderClass * klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);
  gchar *sink = g_strconcat (sink_caps, release_get () >= RELEASE_R35 ? sink_caps_av1 : "", NULL);

  properties_install (G_OBJECT_CLASS (klass), decoder_properties);
  wrapper_class_set_templates (element, sink, src_caps);
  g_free (sink);
  gst_element_class_set_static_metadata (element, "NVIDIA v4l2 video decoder", "Codec/Decoder/Video",
      "Decode video streams via V4L2 API", "simulated");
  klass->parent.make = make;
  klass->parent.buffer_in = buffer_in;
  klass->format = format;
  klass->number = number;
  klass->kept_back = kept_back;
}

static void
nvv4l2decoder_init (Decoder * self)
{
  (void) self;
}

gboolean
decoder_register (GstPlugin * plugin)
{
  return gst_element_register (plugin, "nvv4l2decoder", GST_RANK_PRIMARY + 11, nvv4l2decoder_get_type ());
}
