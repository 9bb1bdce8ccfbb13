/* nvv4l2decoder: libav's decoders inside, NVMM outside. */

#include "elements.h"

#include "codecs.h"
#include "element_properties.h"
#include "nvmm.h"
#include "picture.h"
#include "properties.h"
#include "release.h"
#include "units.h"
#include "wrapper.h"

/* The driver's least number of pictures, before num-extra-surfaces; with that one about 11, as seen on boards. */
#define SURFACES 10

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
  Wrapper parent;
  /* Of the stream that is decoded now. */
  gchar *media;
  UnitKind kind;
  guint decoded;
  gboolean waits_for_key;
  GstVideoInfo in, out;
  GstBufferPool *pool;
} Decoder;

typedef WrapperClass DecoderClass;

/* Boards' name for it, which is in the path of its messages. */
typedef Decoder nvv4l2decoder;
typedef DecoderClass nvv4l2decoderClass;
static GType nvv4l2decoder_get_type (void);
G_DEFINE_TYPE (nvv4l2decoder, nvv4l2decoder, wrapper_get_type ())

/* --- the stream ---------------------------------------------------------------------------------------------- */

static GstElement *
make (Wrapper * wrapper, GstCaps * caps)
{
  Decoder *self = (Decoder *) wrapper;
  GstStructure *structure = gst_caps_get_structure (caps, 0);
  const gchar *media = gst_structure_get_name (structure);
  gint version = 0;

  gst_structure_get_int (structure, "mpegversion", &version);
  g_free (self->media);
  self->media = g_strdup (media);
  self->kind = unit_kind (media);
  self->decoded = 0;
  self->waits_for_key = FALSE;
  if (g_str_equal (media, "image/jpeg") && !property_number (self, "mjpeg")) {
    GST_ELEMENT_ERROR (self, STREAM, DECODE, (NULL), ("JPEG needs mjpeg=1"));
    return NULL;
  }
  GstElement *inner = codec_make (media, version);
  if (inner == NULL)
    GST_ELEMENT_ERROR (self, STREAM, CODEC_NOT_FOUND, (NULL), ("nothing decodes %s here", media));
  return inner;
}

static gboolean
keeps (Wrapper * wrapper, GstCaps * caps)
{
  return g_strcmp0 (((Decoder *) wrapper)->media, gst_structure_get_name (gst_caps_get_structure (caps, 0))) == 0;
}

static GstCaps *
caps_in (Wrapper * wrapper, GstCaps * caps)
{
  GstCaps *parsed = gst_caps_copy (caps);

  (void) wrapper;
  /* Some of the software decoders want to be told that a buffer holds one whole picture. */
  gst_caps_set_simple (parsed, "parsed", G_TYPE_BOOLEAN, TRUE, NULL);
  return parsed;
}

static GstCaps *
caps_out (Wrapper * wrapper, GstCaps * caps)
{
  Decoder *self = (Decoder *) wrapper;
  const gchar *format = NULL;

  if (gst_video_info_from_caps (&self->in, caps))
    format = picture_surface_format (self->media, GST_VIDEO_INFO_FORMAT (&self->in));
  if (format == NULL) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, (NULL),
        ("no surface for %s of %s", GST_VIDEO_INFO_NAME (&self->in), self->media));
    return NULL;
  }
  GstStructure *structure = gst_structure_copy (gst_caps_get_structure (caps, 0));
  gst_structure_set (structure, "format", G_TYPE_STRING, format, NULL);
  caps = nvmm_caps_take (structure);
  gst_video_info_from_caps (&self->out, caps);
  GstBufferPool *pool = nvmm_pool_new (caps, SURFACES + property_number (self, "num-extra-surfaces"));
  GST_OBJECT_LOCK (self);
  GstBufferPool *old = self->pool;
  self->pool = pool;
  GST_OBJECT_UNLOCK (self);
  nvmm_pool_clear (&old);
  return caps;
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

/* Whether the picture is kept back: an interval drops what was decoded; a control file's order, everything. */
static gboolean
kept_back (Decoder * self)
{
  gchar **order = release_order ("decoder");
  gboolean silent = order != NULL && g_strcmp0 (order[0], "silent") == 0;

  g_strfreev (order);
  guint interval = property_number (self, "drop-frame-interval");
  guint number = self->decoded++;
  return silent || (interval > 0 && number % interval != 0);
}

static GstFlowReturn
buffer_out (Wrapper * wrapper, GstBuffer ** buffer)
{
  Decoder *self = (Decoder *) wrapper;
  GstBuffer *in = *buffer, *out = NULL;
  GstVideoFrame from, to;

  *buffer = NULL;
  if (kept_back (self)) {
    gst_buffer_unref (in);
    return GST_FLOW_OK;
  }
  GST_OBJECT_LOCK (self);
  GstBufferPool *pool = self->pool != NULL ? gst_object_ref (self->pool) : NULL;
  GST_OBJECT_UNLOCK (self);
  GstFlowReturn flow = pool == NULL ? GST_FLOW_FLUSHING : gst_buffer_pool_acquire_buffer (pool, &out, NULL);
  gst_clear_object (&pool);
  if (flow == GST_FLOW_OK && gst_video_frame_map (&from, &self->in, in, GST_MAP_READ)) {
    if (nvmm_frame_map (&to, &self->out, out, TRUE, GST_MAP_WRITE)) {
      picture_to_surface (&from, &to);
      gst_video_frame_unmap (&to);
      gst_buffer_copy_into (out, in, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
      *buffer = out;
      out = NULL;
    }
    gst_video_frame_unmap (&from);
  }
  gst_clear_buffer (&out);
  gst_buffer_unref (in);
  return flow == GST_FLOW_OK && *buffer == NULL ? GST_FLOW_ERROR : flow;
}

static void
unlock (Wrapper * wrapper, gboolean flushing)
{
  Decoder *self = (Decoder *) wrapper;

  GST_OBJECT_LOCK (self);
  GstBufferPool *pool = self->pool != NULL ? gst_object_ref (self->pool) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (pool != NULL)
    gst_buffer_pool_set_flushing (pool, flushing);
  gst_clear_object (&pool);
}

static void
reset (Wrapper * wrapper)
{
  Decoder *self = (Decoder *) wrapper;

  nvmm_pool_clear (&self->pool);
  g_clear_pointer (&self->media, g_free);
}

static void
finalize (GObject * object)
{
  reset (WRAPPER (object));
  G_OBJECT_CLASS (nvv4l2decoder_parent_class)->finalize (object);
}

static void
nvv4l2decoder_class_init (DecoderClass * klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);
  gchar *sink = g_strconcat (sink_caps, release_get () >= RELEASE_R35 ? sink_caps_av1 : "", NULL);

  properties_install (G_OBJECT_CLASS (klass), decoder_properties);
  G_OBJECT_CLASS (klass)->finalize = finalize;
  wrapper_class_set_templates (element, sink, src_caps);
  g_free (sink);
  gst_element_class_set_static_metadata (element, "NVIDIA v4l2 video decoder", "Codec/Decoder/Video",
      "Decode video streams via V4L2 API", "simulated");
  klass->make = make;
  klass->keeps = keeps;
  klass->caps_in = caps_in;
  klass->caps_out = caps_out;
  klass->buffer_in = buffer_in;
  klass->buffer_out = buffer_out;
  klass->unlock = unlock;
  klass->reset = reset;
  klass->inner_caps = "video/x-raw, format=(string){ I420, I420_10LE, Y42B, Y444, GRAY8 }";
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
