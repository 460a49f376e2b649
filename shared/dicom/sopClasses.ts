/**
 * SOP Classes of PS3.6 annex A (and those of DICOS and DICONDE), one a line: kind, UID below 1.2.840.10008., name. Kinds: `i` an
 * image with a picture to show, `d` a stored object without one (reports, plans, presentation states, segmentations, …),
 * `s` a service that stores nothing. Parsed once, on first use.
 */
const TABLE = `
s 1.1 Verification
d 1.3.10 Media Storage Directory Storage
s 1.9 Basic Study Content Notification
s 1.20.1 Storage Commitment Push Model
s 1.20.2 Storage Commitment Pull Model
s 1.40 Procedural Event Logging
s 1.42 Substance Administration Logging
s 3.1.2.1.1 Detached Patient Management
s 3.1.2.1.4 Detached Patient Management Meta
s 3.1.2.2.1 Detached Visit Management
s 3.1.2.3.1 Detached Study Management
s 3.1.2.3.2 Study Component Management
s 3.1.2.3.3 Modality Performed Procedure Step
s 3.1.2.3.4 Modality Performed Procedure Step Retrieve
s 3.1.2.3.5 Modality Performed Procedure Step Notification
s 3.1.2.5.1 Detached Results Management
s 3.1.2.5.4 Detached Results Management Meta
s 3.1.2.5.5 Detached Study Management Meta
s 3.1.2.6.1 Detached Interpretation Management
s 5.1.1.1 Basic Film Session
s 5.1.1.2 Basic Film Box
s 5.1.1.4 Basic Grayscale Image Box
s 5.1.1.4.1 Basic Color Image Box
s 5.1.1.4.2 Referenced Image Box
s 5.1.1.9 Basic Grayscale Print Management Meta
s 5.1.1.9.1 Referenced Grayscale Print Management Meta
s 5.1.1.14 Print Job
s 5.1.1.15 Basic Annotation Box
s 5.1.1.16 Printer
s 5.1.1.16.376 Printer Configuration Retrieval
s 5.1.1.18 Basic Color Print Management Meta
s 5.1.1.18.1 Referenced Color Print Management Meta
s 5.1.1.22 VOI LUT Box
s 5.1.1.23 Presentation LUT
s 5.1.1.24 Image Overlay Box
s 5.1.1.24.1 Basic Print Image Overlay Box
s 5.1.1.26 Print Queue Management
s 5.1.1.27 Stored Print Storage
i 5.1.1.29 Hardcopy Grayscale Image Storage
i 5.1.1.30 Hardcopy Color Image Storage
s 5.1.1.31 Pull Print Request
s 5.1.1.32 Pull Stored Print Management Meta
s 5.1.1.33 Media Creation Management UID
s 5.1.1.40 Display System
i 5.1.4.1.1.1 Computed Radiography Image Storage
i 5.1.4.1.1.1.1 Digital X-Ray Image Storage - For Presentation
i 5.1.4.1.1.1.1.1 Digital X-Ray Image Storage - For Processing
i 5.1.4.1.1.1.2 Digital Mammography X-Ray Image Storage - For Presentation
i 5.1.4.1.1.1.2.1 Digital Mammography X-Ray Image Storage - For Processing
i 5.1.4.1.1.1.3 Digital Intra-Oral X-Ray Image Storage - For Presentation
i 5.1.4.1.1.1.3.1 Digital Intra-Oral X-Ray Image Storage - For Processing
i 5.1.4.1.1.2 CT Image Storage
i 5.1.4.1.1.2.1 Enhanced CT Image Storage
i 5.1.4.1.1.2.2 Legacy Converted Enhanced CT Image Storage
i 5.1.4.1.1.3 Ultrasound Multi-frame Image Storage
i 5.1.4.1.1.3.1 Ultrasound Multi-frame Image Storage
i 5.1.4.1.1.4 MR Image Storage
i 5.1.4.1.1.4.1 Enhanced MR Image Storage
d 5.1.4.1.1.4.2 MR Spectroscopy Storage
i 5.1.4.1.1.4.3 Enhanced MR Color Image Storage
i 5.1.4.1.1.4.4 Legacy Converted Enhanced MR Image Storage
i 5.1.4.1.1.5 Nuclear Medicine Image Storage
i 5.1.4.1.1.6 Ultrasound Image Storage
i 5.1.4.1.1.6.1 Ultrasound Image Storage
i 5.1.4.1.1.6.2 Enhanced US Volume Storage
i 5.1.4.1.1.7 Secondary Capture Image Storage
i 5.1.4.1.1.7.1 Multi-frame Single Bit Secondary Capture Image Storage
i 5.1.4.1.1.7.2 Multi-frame Grayscale Byte Secondary Capture Image Storage
i 5.1.4.1.1.7.3 Multi-frame Grayscale Word Secondary Capture Image Storage
i 5.1.4.1.1.7.4 Multi-frame True Color Secondary Capture Image Storage
d 5.1.4.1.1.8 Standalone Overlay Storage
d 5.1.4.1.1.9 Standalone Curve Storage
d 5.1.4.1.1.9.1 Waveform Storage - Trial
d 5.1.4.1.1.9.1.1 12-lead ECG Waveform Storage
d 5.1.4.1.1.9.1.2 General ECG Waveform Storage
d 5.1.4.1.1.9.1.3 Ambulatory ECG Waveform Storage
d 5.1.4.1.1.9.2.1 Hemodynamic Waveform Storage
d 5.1.4.1.1.9.3.1 Cardiac Electrophysiology Waveform Storage
d 5.1.4.1.1.9.4.1 Basic Voice Audio Waveform Storage
d 5.1.4.1.1.9.4.2 General Audio Waveform Storage
d 5.1.4.1.1.9.5.1 Arterial Pulse Waveform Storage
d 5.1.4.1.1.9.6.1 Respiratory Waveform Storage
d 5.1.4.1.1.9.6.2 Multi-channel Respiratory Waveform Storage
d 5.1.4.1.1.9.7.1 Routine Scalp Electroencephalogram Waveform Storage
d 5.1.4.1.1.9.7.2 Electromyogram Waveform Storage
d 5.1.4.1.1.9.7.3 Electrooculogram Waveform Storage
d 5.1.4.1.1.9.7.4 Sleep Electroencephalogram Waveform Storage
d 5.1.4.1.1.9.8.1 Body Position Waveform Storage
d 5.1.4.1.1.9.100.1 Waveform Presentation State Storage
d 5.1.4.1.1.9.100.2 Waveform Acquisition Presentation State Storage
d 5.1.4.1.1.10 Standalone Modality LUT Storage
d 5.1.4.1.1.11 Standalone VOI LUT Storage
d 5.1.4.1.1.11.1 Grayscale Softcopy Presentation State Storage
d 5.1.4.1.1.11.2 Color Softcopy Presentation State Storage
d 5.1.4.1.1.11.3 Pseudo-Color Softcopy Presentation State Storage
d 5.1.4.1.1.11.4 Blending Softcopy Presentation State Storage
d 5.1.4.1.1.11.5 XA/XRF Grayscale Softcopy Presentation State Storage
d 5.1.4.1.1.11.6 Grayscale Planar MPR Volumetric Presentation State Storage
d 5.1.4.1.1.11.7 Compositing Planar MPR Volumetric Presentation State Storage
d 5.1.4.1.1.11.8 Advanced Blending Presentation State Storage
d 5.1.4.1.1.11.9 Volume Rendering Volumetric Presentation State Storage
d 5.1.4.1.1.11.10 Segmented Volume Rendering Volumetric Presentation State Storage
d 5.1.4.1.1.11.11 Multiple Volume Rendering Volumetric Presentation State Storage
i 5.1.4.1.1.12.1 X-Ray Angiographic Image Storage
i 5.1.4.1.1.12.1.1 Enhanced XA Image Storage
i 5.1.4.1.1.12.2 X-Ray Radiofluoroscopic Image Storage
i 5.1.4.1.1.12.2.1 Enhanced XRF Image Storage
i 5.1.4.1.1.12.3 X-Ray Angiographic Bi-Plane Image Storage
i 5.1.4.1.1.13.1.1 X-Ray 3D Angiographic Image Storage
i 5.1.4.1.1.13.1.2 X-Ray 3D Craniofacial Image Storage
i 5.1.4.1.1.13.1.3 Breast Tomosynthesis Image Storage
i 5.1.4.1.1.13.1.4 Breast Projection X-Ray Image Storage - For Presentation
i 5.1.4.1.1.13.1.5 Breast Projection X-Ray Image Storage - For Processing
i 5.1.4.1.1.14.1 Intravascular Optical Coherence Tomography Image Storage - For Presentation
i 5.1.4.1.1.14.2 Intravascular Optical Coherence Tomography Image Storage - For Processing
i 5.1.4.1.1.20 Nuclear Medicine Image Storage
d 5.1.4.1.1.30 Parametric Map Storage
d 5.1.4.1.1.66 Raw Data Storage
d 5.1.4.1.1.66.1 Spatial Registration Storage
d 5.1.4.1.1.66.2 Spatial Fiducials Storage
d 5.1.4.1.1.66.3 Deformable Spatial Registration Storage
d 5.1.4.1.1.66.4 Segmentation Storage
d 5.1.4.1.1.66.5 Surface Segmentation Storage
d 5.1.4.1.1.66.6 Tractography Results Storage
d 5.1.4.1.1.66.7 Label Map Segmentation Storage
d 5.1.4.1.1.66.8 Height Map Segmentation Storage
d 5.1.4.1.1.67 Real World Value Mapping Storage
d 5.1.4.1.1.68.1 Surface Scan Mesh Storage
d 5.1.4.1.1.68.2 Surface Scan Point Cloud Storage
i 5.1.4.1.1.77.1 VL Image Storage - Trial
i 5.1.4.1.1.77.1.1 VL Endoscopic Image Storage
i 5.1.4.1.1.77.1.1.1 Video Endoscopic Image Storage
i 5.1.4.1.1.77.1.2 VL Microscopic Image Storage
i 5.1.4.1.1.77.1.2.1 Video Microscopic Image Storage
i 5.1.4.1.1.77.1.3 VL Slide-Coordinates Microscopic Image Storage
i 5.1.4.1.1.77.1.4 VL Photographic Image Storage
i 5.1.4.1.1.77.1.4.1 Video Photographic Image Storage
i 5.1.4.1.1.77.1.5.1 Ophthalmic Photography 8 Bit Image Storage
i 5.1.4.1.1.77.1.5.2 Ophthalmic Photography 16 Bit Image Storage
d 5.1.4.1.1.77.1.5.3 Stereometric Relationship Storage
i 5.1.4.1.1.77.1.5.4 Ophthalmic Tomography Image Storage
i 5.1.4.1.1.77.1.5.5 Wide Field Ophthalmic Photography Stereographic Projection Image Storage
i 5.1.4.1.1.77.1.5.6 Wide Field Ophthalmic Photography 3D Coordinates Image Storage
i 5.1.4.1.1.77.1.5.7 Ophthalmic Optical Coherence Tomography En Face Image Storage
d 5.1.4.1.1.77.1.5.8 Ophthalmic Optical Coherence Tomography B-scan Volume Analysis Storage
i 5.1.4.1.1.77.1.6 VL Whole Slide Microscopy Image Storage
i 5.1.4.1.1.77.1.7 Dermoscopic Photography Image Storage
i 5.1.4.1.1.77.1.9 Confocal Microscopy Image Storage
i 5.1.4.1.1.77.1.10 Confocal Microscopy Tiled Pyramidal Image Storage
i 5.1.4.1.1.77.2 VL Multi-frame Image Storage - Trial
d 5.1.4.1.1.78.1 Lensometry Measurements Storage
d 5.1.4.1.1.78.2 Autorefraction Measurements Storage
d 5.1.4.1.1.78.3 Keratometry Measurements Storage
d 5.1.4.1.1.78.4 Subjective Refraction Measurements Storage
d 5.1.4.1.1.78.5 Visual Acuity Measurements Storage
d 5.1.4.1.1.78.6 Spectacle Prescription Report Storage
d 5.1.4.1.1.78.7 Ophthalmic Axial Measurements Storage
d 5.1.4.1.1.78.8 Intraocular Lens Calculations Storage
d 5.1.4.1.1.79.1 Macular Grid Thickness and Volume Report Storage
d 5.1.4.1.1.80.1 Ophthalmic Visual Field Static Perimetry Measurements Storage
i 5.1.4.1.1.81.1 Ophthalmic Thickness Map Storage
i 5.1.4.1.1.82.1 Corneal Topography Map Storage
d 5.1.4.1.1.88.1 Text SR Storage - Trial
d 5.1.4.1.1.88.2 Audio SR Storage - Trial
d 5.1.4.1.1.88.3 Detail SR Storage - Trial
d 5.1.4.1.1.88.4 Comprehensive SR Storage - Trial
d 5.1.4.1.1.88.11 Basic Text SR Storage
d 5.1.4.1.1.88.22 Enhanced SR Storage
d 5.1.4.1.1.88.33 Comprehensive SR Storage
d 5.1.4.1.1.88.34 Comprehensive 3D SR Storage
d 5.1.4.1.1.88.35 Extensible SR Storage
d 5.1.4.1.1.88.40 Procedure Log Storage
d 5.1.4.1.1.88.50 Mammography CAD SR Storage
d 5.1.4.1.1.88.59 Key Object Selection Document Storage
d 5.1.4.1.1.88.65 Chest CAD SR Storage
d 5.1.4.1.1.88.67 X-Ray Radiation Dose SR Storage
d 5.1.4.1.1.88.68 Radiopharmaceutical Radiation Dose SR Storage
d 5.1.4.1.1.88.69 Colon CAD SR Storage
d 5.1.4.1.1.88.70 Implantation Plan SR Storage
d 5.1.4.1.1.88.71 Acquisition Context SR Storage
d 5.1.4.1.1.88.72 Simplified Adult Echo SR Storage
d 5.1.4.1.1.88.73 Patient Radiation Dose SR Storage
d 5.1.4.1.1.88.74 Planned Imaging Agent Administration SR Storage
d 5.1.4.1.1.88.75 Performed Imaging Agent Administration SR Storage
d 5.1.4.1.1.88.76 Enhanced X-Ray Radiation Dose SR Storage
d 5.1.4.1.1.90.1 Content Assessment Results Storage
d 5.1.4.1.1.91.1 Microscopy Bulk Simple Annotations Storage
d 5.1.4.1.1.104.1 Encapsulated PDF Storage
d 5.1.4.1.1.104.2 Encapsulated CDA Storage
d 5.1.4.1.1.104.3 Encapsulated STL Storage
d 5.1.4.1.1.104.4 Encapsulated OBJ Storage
d 5.1.4.1.1.104.5 Encapsulated MTL Storage
i 5.1.4.1.1.128 Positron Emission Tomography Image Storage
i 5.1.4.1.1.128.1 Legacy Converted Enhanced PET Image Storage
d 5.1.4.1.1.129 Standalone PET Curve Storage
i 5.1.4.1.1.130 Enhanced PET Image Storage
d 5.1.4.1.1.131 Basic Structured Display Storage
d 5.1.4.1.1.200.1 CT Defined Procedure Protocol Storage
d 5.1.4.1.1.200.2 CT Performed Procedure Protocol Storage
d 5.1.4.1.1.200.3 Protocol Approval Storage
s 5.1.4.1.1.200.4 Protocol Approval Information Model - FIND
s 5.1.4.1.1.200.5 Protocol Approval Information Model - MOVE
s 5.1.4.1.1.200.6 Protocol Approval Information Model - GET
d 5.1.4.1.1.200.7 XA Defined Procedure Protocol Storage
d 5.1.4.1.1.200.8 XA Performed Procedure Protocol Storage
i 5.1.4.1.1.481.1 RT Image Storage
i 5.1.4.1.1.481.2 RT Dose Storage
d 5.1.4.1.1.481.3 RT Structure Set Storage
d 5.1.4.1.1.481.4 RT Beams Treatment Record Storage
d 5.1.4.1.1.481.5 RT Plan Storage
d 5.1.4.1.1.481.6 RT Brachy Treatment Record Storage
d 5.1.4.1.1.481.7 RT Treatment Summary Record Storage
d 5.1.4.1.1.481.8 RT Ion Plan Storage
d 5.1.4.1.1.481.9 RT Ion Beams Treatment Record Storage
d 5.1.4.1.1.481.10 RT Physician Intent Storage
d 5.1.4.1.1.481.11 RT Segment Annotation Storage
d 5.1.4.1.1.481.12 RT Radiation Set Storage
d 5.1.4.1.1.481.13 C-Arm Photon-Electron Radiation Storage
d 5.1.4.1.1.481.14 Tomotherapeutic Radiation Storage
d 5.1.4.1.1.481.15 Robotic-Arm Radiation Storage
d 5.1.4.1.1.481.16 RT Radiation Record Set Storage
d 5.1.4.1.1.481.17 RT Radiation Salvage Record Storage
d 5.1.4.1.1.481.18 Tomotherapeutic Radiation Record Storage
d 5.1.4.1.1.481.19 C-Arm Photon-Electron Radiation Record Storage
d 5.1.4.1.1.481.20 Robotic Radiation Record Storage
d 5.1.4.1.1.481.21 RT Radiation Set Delivery Instruction Storage
i 5.1.4.1.1.481.22 RT Treatment Preparation Storage
i 5.1.4.1.1.481.23 Enhanced RT Image Storage
i 5.1.4.1.1.481.25 Enhanced Continuous RT Image Storage
i 5.1.4.1.1.501.1 DICOS CT Image Storage
i 5.1.4.1.1.501.2.1 DICOS Digital X-Ray Image Storage - For Presentation
i 5.1.4.1.1.501.2.2 DICOS Digital X-Ray Image Storage - For Processing
d 5.1.4.1.1.501.3 DICOS Threat Detection Report Storage
i 5.1.4.1.1.501.4 DICOS 2D AIT Storage
i 5.1.4.1.1.501.5 DICOS 3D AIT Storage
i 5.1.4.1.1.501.6 DICOS Quadrupole Resonance (QR) Storage
i 5.1.4.1.1.601.1 Eddy Current Image Storage
i 5.1.4.1.1.601.2 Eddy Current Multi-frame Image Storage
s 5.1.4.1.2.1.1 Patient Root Query/Retrieve Information Model - FIND
s 5.1.4.1.2.1.2 Patient Root Query/Retrieve Information Model - MOVE
s 5.1.4.1.2.1.3 Patient Root Query/Retrieve Information Model - GET
s 5.1.4.1.2.2.1 Study Root Query/Retrieve Information Model - FIND
s 5.1.4.1.2.2.2 Study Root Query/Retrieve Information Model - MOVE
s 5.1.4.1.2.2.3 Study Root Query/Retrieve Information Model - GET
s 5.1.4.1.2.3.1 Patient/Study Only Query/Retrieve Information Model - FIND
s 5.1.4.1.2.3.2 Patient/Study Only Query/Retrieve Information Model - MOVE
s 5.1.4.1.2.3.3 Patient/Study Only Query/Retrieve Information Model - GET
s 5.1.4.1.2.4.2 Composite Instance Root Retrieve - MOVE
s 5.1.4.1.2.4.3 Composite Instance Root Retrieve - GET
s 5.1.4.1.2.5.3 Composite Instance Retrieve Without Bulk Data - GET
s 5.1.4.20.1 Defined Procedure Protocol Information Model - FIND
s 5.1.4.20.2 Defined Procedure Protocol Information Model - MOVE
s 5.1.4.20.3 Defined Procedure Protocol Information Model - GET
s 5.1.4.31 Modality Worklist Information Model - FIND
s 5.1.4.32 General Purpose Worklist Management Meta
s 5.1.4.32.1 General Purpose Worklist Information Model - FIND
s 5.1.4.32.2 General Purpose Scheduled Procedure Step
s 5.1.4.32.3 General Purpose Performed Procedure Step
s 5.1.4.33 Instance Availability Notification
d 5.1.4.34.1 RT Beams Delivery Instruction Storage - Trial
s 5.1.4.34.2 RT Conventional Machine Verification - Trial
s 5.1.4.34.3 RT Ion Machine Verification - Trial
s 5.1.4.34.4.1 Unified Procedure Step - Push - Trial
s 5.1.4.34.4.2 Unified Procedure Step - Watch - Trial
s 5.1.4.34.4.3 Unified Procedure Step - Pull - Trial
s 5.1.4.34.4.4 Unified Procedure Step - Event - Trial
s 5.1.4.34.6.1 Unified Procedure Step - Push
s 5.1.4.34.6.2 Unified Procedure Step - Watch
s 5.1.4.34.6.3 Unified Procedure Step - Pull
s 5.1.4.34.6.4 Unified Procedure Step - Event
s 5.1.4.34.6.5 Unified Procedure Step - Query
d 5.1.4.34.7 RT Beams Delivery Instruction Storage
s 5.1.4.34.8 RT Conventional Machine Verification
s 5.1.4.34.9 RT Ion Machine Verification
d 5.1.4.34.10 RT Brachy Application Setup Delivery Instruction Storage
s 5.1.4.37.1 General Relevant Patient Information Query
s 5.1.4.37.2 Breast Imaging Relevant Patient Information Query
s 5.1.4.37.3 Cardiac Relevant Patient Information Query
d 5.1.4.38.1 Hanging Protocol Storage
s 5.1.4.38.2 Hanging Protocol Information Model - FIND
s 5.1.4.38.3 Hanging Protocol Information Model - MOVE
s 5.1.4.38.4 Hanging Protocol Information Model - GET
d 5.1.4.39.1 Color Palette Storage
s 5.1.4.39.2 Color Palette Query/Retrieve Information Model - FIND
s 5.1.4.39.3 Color Palette Query/Retrieve Information Model - MOVE
s 5.1.4.39.4 Color Palette Query/Retrieve Information Model - GET
s 5.1.4.41 Product Characteristics Query
s 5.1.4.42 Substance Approval Query
d 5.1.4.43.1 Generic Implant Template Storage
s 5.1.4.43.2 Generic Implant Template Information Model - FIND
s 5.1.4.43.3 Generic Implant Template Information Model - MOVE
s 5.1.4.43.4 Generic Implant Template Information Model - GET
d 5.1.4.44.1 Implant Assembly Template Storage
s 5.1.4.44.2 Implant Assembly Template Information Model - FIND
s 5.1.4.44.3 Implant Assembly Template Information Model - MOVE
s 5.1.4.44.4 Implant Assembly Template Information Model - GET
d 5.1.4.45.1 Implant Template Group Storage
s 5.1.4.45.2 Implant Template Group Information Model - FIND
s 5.1.4.45.3 Implant Template Group Information Model - MOVE
s 5.1.4.45.4 Implant Template Group Information Model - GET
s 10.1 Video Endoscopic Image Real-Time Communication
s 10.2 Video Photographic Image Real-Time Communication
s 10.3 Audio Waveform Real-Time Communication
s 10.4 Rendition Selection Document Real-Time Communication
`

interface SopClass {
  name: string
  kind: 'image' | 'document' | 'service'
}

const KINDS: Record<string, SopClass['kind']> = { i: 'image', d: 'document', s: 'service' }

let byUID: Map<string, SopClass> | undefined

/** All that PS3.6 knows, by UID. */
export function sopClasses(): ReadonlyMap<string, SopClass> {
  if (!byUID) {
    byUID = new Map()
    for (const line of TABLE.split('\n')) {
      const [, letter, root, name] = /^([ids]) (\S+) (.+)$/.exec(line) ?? []
      const kind = KINDS[letter ?? '']
      if (kind && name) byUID.set(`1.2.840.10008.${root}`, { name, kind })
    }
  }
  return byUID
}

/** What PS3.6 knows of a SOP Class UID (normalised); undefined for private and newer ones. */
export function sopClass(uid: string): SopClass | undefined {
  return sopClasses().get(uid)
}

/** True for what must not be accepted as storage: known services, and everything below the UIDs of service families. */
export function isNonStorageService(uid: string): boolean {
  const known = sopClass(uid)
  if (known) return known.kind === 'service'
  return SERVICE_FAMILIES.some(family => uid.startsWith(family))
}

/** PS3.4: query/retrieve models, worklist, print management, detached management. */
const SERVICE_FAMILIES = [
  '1.2.840.10008.5.1.4.1.2.',
  '1.2.840.10008.5.1.4.31',
  '1.2.840.10008.5.1.4.32',
  '1.2.840.10008.5.1.4.37.',
  '1.2.840.10008.5.1.1.',
  '1.2.840.10008.3.1.2.',
  '1.2.840.10008.10.',
]
