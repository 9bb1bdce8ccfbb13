/* An element around another that does the work, in the same thread and in the same call.
 *
 * What the outer one is asked, told and given goes to the inner one, and what that answers goes on, with its caps and
 * buffers changed on the way by the class that derives from this. Its messages appear as the outer one's. */

#pragma once

#include <gst/gst.h>

typedef struct
{
  GstElement parent;
  GstPad *sink, *src;
  GstElement *inner;
  /* Linked to the inner element's pads: what is pushed into "into" comes out at "from". */
  GstPad *into, *from;
} Wrapper;

typedef struct
{
  GstElementClass parent;
  /* What works on such caps, floating; NULL when nothing does, and then the reason was posted. */
  GstElement *(*make) (Wrapper * self, GstCaps * caps);
  /* Whether what works on the old caps also does on the new. */
  gboolean (*keeps) (Wrapper * self, GstCaps * caps);
  /* The inner one's caps for the outer one's, and the other way round; NULL when there are none: reason posted. */
  GstCaps *(*caps_in) (Wrapper * self, GstCaps * caps);
  GstCaps *(*caps_out) (Wrapper * self, GstCaps * caps);
  /* Each takes *buffer and puts another in its place; NULL and OK: none goes on. */
  GstFlowReturn (*buffer_in) (Wrapper * self, GstBuffer ** buffer);
  GstFlowReturn (*buffer_out) (Wrapper * self, GstBuffer ** buffer);
  /* Let go of what blocks (TRUE), or allow it again. May be NULL. */
  void (*unlock) (Wrapper * self, gboolean flushing);
  /* Forget what the stream left. May be NULL. */
  void (*reset) (Wrapper * self);
  /* Caps that the inner one may put out, by gst_caps_from_string; NULL: any. */
  const gchar *inner_caps;
} WrapperClass;

GType wrapper_get_type (void);

#define WRAPPER(object) ((Wrapper *) (object))
#define WRAPPER_GET_CLASS(object) G_TYPE_INSTANCE_GET_CLASS (object, wrapper_get_type (), WrapperClass)

/* The first of these elements that is installed, NULL-terminated; NULL when none is. */
GstElement *wrapper_first (const gchar * const *factories);

/* Give a class its two templates. */
void wrapper_class_set_templates (GstElementClass * klass, const gchar * sink, const gchar * src);
