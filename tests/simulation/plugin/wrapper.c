#include "wrapper.h"

#include "inner.h"

typedef Wrapper NvSimulatedWrapper;
typedef WrapperClass NvSimulatedWrapperClass;
G_DEFINE_ABSTRACT_TYPE (NvSimulatedWrapper, wrapper, GST_TYPE_ELEMENT);

/* --- the outer pads ------------------------------------------------------------------------------------------ */

/* Sticky events that came before the inner element was there. */
static gboolean
replay (GstPad * pad, GstEvent ** event, gpointer into)
{
  (void) pad;
  if (GST_EVENT_TYPE (*event) > GST_EVENT_CAPS && GST_EVENT_TYPE (*event) != GST_EVENT_EOS)
    gst_pad_push_event (into, gst_event_ref (*event));
  return TRUE;
}

static gboolean
set_caps (Wrapper * self, GstCaps * caps)
{
  WrapperClass *klass = WRAPPER_GET_CLASS (self);
  gboolean fresh = self->inner == NULL || !klass->keeps (self, caps);

  if (fresh) {
    inner_drop (self);
    if (!inner_make (self, caps))
      return FALSE;
    GstEvent *start = gst_pad_get_sticky_event (self->sink, GST_EVENT_STREAM_START, 0);
    if (start != NULL)
      gst_pad_push_event (self->into, start);
  }
  caps = klass->caps_in (self, caps);
  if (caps == NULL)
    return FALSE;
  gboolean done = gst_pad_push_event (self->into, gst_event_new_caps (caps));
  gst_caps_unref (caps);
  if (fresh && done)
    gst_pad_sticky_events_foreach (self->sink, replay, self->into);
  return done;
}

static void
unlock (Wrapper * self, gboolean flushing)
{
  WrapperClass *klass = WRAPPER_GET_CLASS (self);

  if (klass->unlock != NULL)
    klass->unlock (self, flushing);
}

static gboolean
sink_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  Wrapper *self = WRAPPER (parent);
  GstCaps *caps;
  gboolean done;

  (void) pad;
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      gst_event_parse_caps (event, &caps);
      done = set_caps (self, caps);
      gst_event_unref (event);
      return done;
    case GST_EVENT_FLUSH_START:
      unlock (self, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      unlock (self, FALSE);
      break;
    default:
      break;
  }
  if (self->inner != NULL)
    return gst_pad_push_event (self->into, event);
  if (GST_EVENT_IS_STICKY (event) && GST_EVENT_TYPE (event) != GST_EVENT_EOS) {
    gst_event_unref (event); /* the pad keeps it until there is an inner element */
    return TRUE;
  }
  return gst_pad_push_event (self->src, event);
}

static GstFlowReturn
sink_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  Wrapper *self = WRAPPER (parent);

  (void) pad;
  if (self->inner == NULL) {
    gst_buffer_unref (buffer);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  GstFlowReturn flow = WRAPPER_GET_CLASS (self)->buffer_in (self, &buffer);
  return flow != GST_FLOW_OK || buffer == NULL ? flow : gst_pad_push (self->into, buffer);
}

static gboolean
sink_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_ALLOCATION)
    return FALSE; /* it copies what it is given */
  return gst_pad_query_default (pad, parent, query);
}

static gboolean
src_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstPad *inner = inner_pad (WRAPPER (parent), TRUE);

  if (inner == NULL)
    return gst_pad_event_default (pad, parent, event);
  gboolean done = gst_pad_send_event (inner, event);
  gst_object_unref (inner);
  return done;
}

static gboolean
src_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstPad *inner = NULL;

  if (GST_QUERY_TYPE (query) != GST_QUERY_CAPS && GST_QUERY_TYPE (query) != GST_QUERY_ACCEPT_CAPS)
    inner = inner_pad (WRAPPER (parent), TRUE);
  if (inner == NULL)
    return gst_pad_query_default (pad, parent, query);
  gboolean done = gst_pad_query (inner, query);
  gst_object_unref (inner);
  return done;
}

static GstStateChangeReturn
change_state (GstElement * element, GstStateChange transition)
{
  Wrapper *self = WRAPPER (element);

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    unlock (self, FALSE);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    unlock (self, TRUE);
  GstStateChangeReturn done = GST_ELEMENT_CLASS (wrapper_parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    inner_drop (self);
    if (WRAPPER_GET_CLASS (self)->reset != NULL)
      WRAPPER_GET_CLASS (self)->reset (self);
  }
  return done;
}

static GstPad *
add_pad (Wrapper * self, const gchar * name)
{
  GstPadTemplate *template = gst_element_class_get_pad_template (GST_ELEMENT_GET_CLASS (self), name);
  GstPad *pad = gst_pad_new_from_template (template, name);

  gst_element_add_pad (GST_ELEMENT (self), pad);
  return pad;
}

/* Not in init: the templates are the class's that derives from this. */
static void
constructed (GObject * object)
{
  Wrapper *self = WRAPPER (object);

  G_OBJECT_CLASS (wrapper_parent_class)->constructed (object);
  self->sink = add_pad (self, "sink");
  gst_pad_set_chain_function (self->sink, sink_chain);
  gst_pad_set_event_function (self->sink, sink_event);
  gst_pad_set_query_function (self->sink, sink_query);
  self->src = add_pad (self, "src");
  gst_pad_set_event_function (self->src, src_event);
  gst_pad_set_query_function (self->src, src_query);
}

static void
wrapper_class_init (WrapperClass * klass)
{
  G_OBJECT_CLASS (klass)->constructed = constructed;
  GST_ELEMENT_CLASS (klass)->change_state = change_state;
}

static void
wrapper_init (Wrapper * self)
{
  (void) self;
}

/* --- for the classes that derive from this ------------------------------------------------------------------- */

GstElement *
wrapper_first (const gchar * const *factories)
{
  GstElement *element = NULL;

  while (*factories != NULL && element == NULL)
    element = gst_element_factory_make (*factories++, NULL);
  return element;
}

static void
add_template (GstElementClass * klass, const gchar * name, GstPadDirection direction, const gchar * text)
{
  GstCaps *caps = gst_caps_from_string (text);

  gst_element_class_add_pad_template (klass, gst_pad_template_new (name, direction, GST_PAD_ALWAYS, caps));
  gst_caps_unref (caps);
}

void
wrapper_class_set_templates (GstElementClass * klass, const gchar * sink, const gchar * src)
{
  add_template (klass, "sink", GST_PAD_SINK, sink);
  add_template (klass, "src", GST_PAD_SRC, src);
}
