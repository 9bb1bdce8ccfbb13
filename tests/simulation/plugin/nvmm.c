#include "nvmm.h"

#include <string.h>

#define NVMM_MEMORY "nvmm"

typedef struct
{
  GstMemory memory;
  guint8 descriptor[NVMM_SIZE];
  /* The picture, in system memory that only this file's functions hand out. */
  GstBuffer *pixels;
} NvmmMemory;

/* --- the allocator ------------------------------------------------------------------------------------------- */

typedef GstAllocator NvmmAllocator;
typedef GstAllocatorClass NvmmAllocatorClass;

GType nvmm_allocator_get_type (void);
G_DEFINE_TYPE (NvmmAllocator, nvmm_allocator, GST_TYPE_ALLOCATOR);

static gpointer
nvmm_map (GstMemory * memory, gsize size, GstMapFlags flags)
{
  (void) size;
  (void) flags;
  return ((NvmmMemory *) memory)->descriptor;
}

static void
nvmm_unmap (GstMemory * memory)
{
  (void) memory;
}

static void
nvmm_free (GstAllocator * allocator, GstMemory * memory)
{
  (void) allocator;
  gst_buffer_unref (((NvmmMemory *) memory)->pixels);
  g_free (memory);
}

static void
nvmm_allocator_class_init (NvmmAllocatorClass * klass)
{
  klass->free = nvmm_free;
}

static void
nvmm_allocator_init (NvmmAllocator * allocator)
{
  allocator->mem_type = NVMM_MEMORY;
  allocator->mem_map = nvmm_map;
  allocator->mem_unmap = nvmm_unmap;
  GST_OBJECT_FLAG_SET (allocator, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

static GstMemory *
nvmm_memory_new (GstAllocator * allocator, const GstVideoInfo * info)
{
  NvmmMemory *memory = g_new0 (NvmmMemory, 1);
  gst_memory_init (GST_MEMORY_CAST (memory), GST_MEMORY_FLAG_NO_SHARE, allocator, NULL, NVMM_SIZE, 0, 0, NVMM_SIZE);
  memset (memory->descriptor, 0xa5, NVMM_SIZE);
  memory->pixels = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (info), NULL);
  return GST_MEMORY_CAST (memory);
}

static NvmmMemory *
nvmm_memory_of (GstBuffer * buffer)
{
  if (gst_buffer_n_memory (buffer) != 1)
    return NULL;
  GstMemory *memory = gst_buffer_peek_memory (buffer, 0);
  return gst_memory_is_type (memory, NVMM_MEMORY) ? (NvmmMemory *) memory : NULL;
}

/* --- the pool ------------------------------------------------------------------------------------------------ */

typedef struct
{
  GstBufferPool parent;
  GstAllocator *allocator;
  GstVideoInfo info;
} NvmmPool;

typedef GstBufferPoolClass NvmmPoolClass;

GType nvmm_pool_get_type (void);
G_DEFINE_TYPE (NvmmPool, nvmm_pool, GST_TYPE_BUFFER_POOL);

static GstFlowReturn
nvmm_pool_alloc (GstBufferPool * pool, GstBuffer ** buffer, GstBufferPoolAcquireParams * params)
{
  NvmmPool *self = (NvmmPool *) pool;

  (void) params;
  *buffer = gst_buffer_new ();
  gst_buffer_append_memory (*buffer, nvmm_memory_new (self->allocator, &self->info));
  return GST_FLOW_OK;
}

static void
nvmm_pool_finalize (GObject * object)
{
  gst_object_unref (((NvmmPool *) object)->allocator);
  G_OBJECT_CLASS (nvmm_pool_parent_class)->finalize (object);
}

static void
nvmm_pool_class_init (NvmmPoolClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = nvmm_pool_finalize;
  klass->alloc_buffer = nvmm_pool_alloc;
}

static void
nvmm_pool_init (NvmmPool * self)
{
  self->allocator = gst_object_ref_sink (g_object_new (nvmm_allocator_get_type (), NULL));
}

GstBufferPool *
nvmm_pool_new (GstCaps * caps, guint buffers)
{
  GstVideoInfo info;

  if (!gst_video_info_from_caps (&info, caps))
    return NULL;
  NvmmPool *self = gst_object_ref_sink (g_object_new (nvmm_pool_get_type (), NULL));
  self->info = info;
  GstBufferPool *pool = GST_BUFFER_POOL (self);
  GstStructure *config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, caps, NVMM_SIZE, 0, buffers);
  gst_buffer_pool_set_config (pool, config);
  gst_buffer_pool_set_active (pool, TRUE);
  return pool;
}

void
nvmm_pool_clear (GstBufferPool ** pool)
{
  if (*pool == NULL)
    return;
  gst_buffer_pool_set_active (*pool, FALSE);
  gst_object_unref (*pool);
  *pool = NULL;
}

/* --- caps and pictures --------------------------------------------------------------------------------------- */

gboolean
nvmm_caps (const GstCaps * caps)
{
  return gst_caps_get_size (caps) > 0 && gst_caps_features_contains (gst_caps_get_features (caps, 0), NVMM_FEATURE);
}

GstCaps *
nvmm_caps_take (GstStructure * structure)
{
  GstCaps *caps = gst_caps_new_empty ();
  gst_caps_append_structure_full (caps, structure, gst_caps_features_new (NVMM_FEATURE, NULL));
  return caps;
}

gboolean
nvmm_frame_map (GstVideoFrame * frame, const GstVideoInfo * info, GstBuffer * buffer, gboolean nvmm, GstMapFlags flags)
{
  if (nvmm) {
    NvmmMemory *memory = nvmm_memory_of (buffer);
    if (memory == NULL)
      return FALSE;
    buffer = memory->pixels;
  }
  return gst_video_frame_map (frame, info, buffer, flags);
}

GstBuffer *
nvmm_pixels (GstBuffer * buffer)
{
  NvmmMemory *memory = nvmm_memory_of (buffer);

  if (memory == NULL)
    return NULL;
  /* A copy: the surface goes back to its pool, and is written again, as soon as its buffer is released. */
  GstBuffer *pixels = gst_buffer_copy_deep (memory->pixels);
  gst_buffer_copy_into (pixels, buffer, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  return pixels;
}
