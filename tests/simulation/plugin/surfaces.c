#include "surfaces.h"

#include "codecs.h"
#include "nvmm.h"
#include "picture.h"

typedef Surfaces NvSimulatedSurfaces;
typedef SurfacesClass NvSimulatedSurfacesClass;
G_DEFINE_ABSTRACT_TYPE (NvSimulatedSurfaces, surfaces, wrapper_get_type ());

GstElement *
surfaces_begin (Surfaces * self, GstCaps * caps)
{
  GstStructure *structure = gst_caps_get_structure (caps, 0);
  const gchar *media = gst_structure_get_name (structure);
  gint version = 0;

  gst_structure_get_int (structure, "mpegversion", &version);
  g_free (self->media);
  self->media = g_strdup (media);
  GstElement *inner = codec_make (media, version);
  if (inner == NULL)
    GST_ELEMENT_ERROR (self, STREAM, CODEC_NOT_FOUND, (NULL), ("nothing decodes %s here", media));
  return inner;
}

static gboolean
keeps (Wrapper * wrapper, GstCaps * caps)
{
  return g_strcmp0 (((Surfaces *) wrapper)->media, gst_structure_get_name (gst_caps_get_structure (caps, 0))) == 0;
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

static GstBufferPool *
system_pool (GstCaps * caps, const GstVideoInfo * info, guint buffers)
{
  GstBufferPool *pool = gst_video_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);

  gst_buffer_pool_config_set_params (config, caps, GST_VIDEO_INFO_SIZE (info), 0, buffers);
  gst_buffer_pool_set_config (pool, config);
  gst_buffer_pool_set_active (pool, TRUE);
  return pool;
}

static GstCaps *
caps_out (Wrapper * wrapper, GstCaps * caps)
{
  Surfaces *self = (Surfaces *) wrapper;
  SurfacesClass *klass = SURFACES_GET_CLASS (self);
  const gchar *format = NULL;

  self->nvmm = TRUE;
  if (gst_video_info_from_caps (&self->in, caps))
    format = klass->format (self, GST_VIDEO_INFO_FORMAT (&self->in), &self->nvmm);
  if (format == NULL) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, (NULL),
        ("no surface for %s of %s", GST_VIDEO_INFO_NAME (&self->in), self->media));
    return NULL;
  }
  GstStructure *structure = gst_structure_copy (gst_caps_get_structure (caps, 0));
  gst_structure_set (structure, "format", G_TYPE_STRING, format, NULL);
  caps = self->nvmm ? nvmm_caps_take (structure) : gst_caps_new_full (structure, NULL);
  gst_video_info_from_caps (&self->out, caps);
  guint number = klass->number (self);
  GstBufferPool *pool = self->nvmm ? nvmm_pool_new (caps, number) : system_pool (caps, &self->out, number);
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
  (void) wrapper;
  (void) buffer;
  return GST_FLOW_OK;
}

static GstFlowReturn
buffer_out (Wrapper * wrapper, GstBuffer ** buffer)
{
  Surfaces *self = (Surfaces *) wrapper;
  SurfacesClass *klass = SURFACES_GET_CLASS (self);
  GstBuffer *in = *buffer, *out = NULL;
  GstVideoFrame from, to;

  *buffer = NULL;
  if (klass->kept_back != NULL && klass->kept_back (self)) {
    gst_buffer_unref (in);
    return GST_FLOW_OK;
  }
  GST_OBJECT_LOCK (self);
  GstBufferPool *pool = self->pool != NULL ? gst_object_ref (self->pool) : NULL;
  GST_OBJECT_UNLOCK (self);
  GstFlowReturn flow = pool == NULL ? GST_FLOW_FLUSHING : gst_buffer_pool_acquire_buffer (pool, &out, NULL);
  gst_clear_object (&pool);
  if (flow == GST_FLOW_OK && gst_video_frame_map (&from, &self->in, in, GST_MAP_READ)) {
    if (nvmm_frame_map (&to, &self->out, out, self->nvmm, GST_MAP_WRITE)) {
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
  Surfaces *self = (Surfaces *) wrapper;

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
  Surfaces *self = (Surfaces *) wrapper;

  nvmm_pool_clear (&self->pool);
  g_clear_pointer (&self->media, g_free);
}

static void
finalize (GObject * object)
{
  reset (WRAPPER (object));
  G_OBJECT_CLASS (surfaces_parent_class)->finalize (object);
}

static void
surfaces_class_init (SurfacesClass * klass)
{
  WrapperClass *wrapper = &klass->parent;

  G_OBJECT_CLASS (klass)->finalize = finalize;
  wrapper->keeps = keeps;
  wrapper->caps_in = caps_in;
  wrapper->caps_out = caps_out;
  wrapper->buffer_in = buffer_in;
  wrapper->buffer_out = buffer_out;
  wrapper->unlock = unlock;
  wrapper->reset = reset;
  wrapper->inner_caps = "video/x-raw, format=(string){ I420, I420_10LE, Y42B, Y444, GRAY8 }";
}

static void
surfaces_init (Surfaces * self)
{
  (void) self;
}
