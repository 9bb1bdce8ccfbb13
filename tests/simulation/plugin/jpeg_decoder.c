/* nvjpegdec: JPEG alone, into surfaces or into system memory, as what comes behind wants it. */

#include "elements.h"

#include "element_properties.h"
#include "nvmm.h"
#include "properties.h"
#include "surfaces.h"

static const gchar sink_caps[] =
    "image/jpeg, width=(int)[ 1, MAX ], height=(int)[ 1, MAX ], framerate=(fraction)[ 0, MAX ]";
static const gchar src_caps[] = "video/x-raw(memory:NVMM), format=(string)I420; video/x-raw, format=(string)I420";

/* Boards' name for it, which is in the path of its messages. */
typedef Surfaces GstNvJpegDec;
typedef SurfacesClass GstNvJpegDecClass;
static GType jpeg_decoder_get_type (void);
G_DEFINE_TYPE (GstNvJpegDec, jpeg_decoder, surfaces_get_type ())

static GstElement *
make (Wrapper * wrapper, GstCaps * caps)
{
  return surfaces_begin ((Surfaces *) wrapper, caps);
}

static const gchar *
format (Surfaces * self, GstVideoFormat decoded, gboolean * nvmm)
{
  GstCaps *allowed = gst_pad_get_allowed_caps (self->parent.src);

  (void) decoded;
  *nvmm = allowed != NULL && nvmm_caps (allowed);
  gst_clear_caps (&allowed);
  return "I420";
}

static guint
number (Surfaces * self)
{
  (void) self;
  return 0;
}

static void
jpeg_decoder_class_init (GstNvJpegDecClass * klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);

  properties_install (G_OBJECT_CLASS (klass), jpeg_decoder_properties);
  wrapper_class_set_templates (element, sink_caps, src_caps);
  gst_element_class_set_static_metadata (element, "JPEG image decoder", "Codec/Decoder/Image",
      "Decode images from JPEG format", "simulated");
  klass->parent.make = make;
  klass->format = format;
  klass->number = number;
}

static void
jpeg_decoder_init (GstNvJpegDec * self)
{
  (void) self;
}

gboolean
jpeg_decoder_register (GstPlugin * plugin)
{
  return gst_element_register (plugin, "nvjpegdec", GST_RANK_PRIMARY, jpeg_decoder_get_type ());
}
